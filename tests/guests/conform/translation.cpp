// SPDX-License-Identifier: Apache-2.0
// What the processor makes of entries: translation, protection, R and C, and the interrupts where there is none.
// ISA 2.07 Book III-S 5.7 and 6.5.
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x101);

void load_and_store(Context& context) {
    map(context, segment, segment.address, scratch());
    scratch()[5] = 0x1111'2222'3333'4444;
    const auto loaded = load(segment.address + 40);
    context.value("vector", loaded.fault.vector, 0);
    context.value("loaded", loaded.value, 0x1111'2222'3333'4444);
    context.value("store_vector", store(segment.address + 48, 0x5555).vector, 0);
    context.value("stored", real_load(&scratch()[6]), 0x5555);
}

void reference_and_change(Context& context) {
    const auto slot = map(context, segment, segment.address, scratch());
    context.value("before", read(slot).d1 & entry::rc, 0);
    load(segment.address);
    context.value("after_load", read(slot).d1 & entry::rc, entry::r);
    store(segment.address, 1);
    context.value("after_store", read(slot).d1 & entry::rc, entry::rc);
    const auto answer = remove(0, slot, 0);
    context.value("removed", answer.r(5) & entry::rc, entry::rc);
}

void fetch_sets_reference(Context& context) {
    const auto slot = map(context, segment, segment.address, trap_page());
    context.value("vector", execute(segment.address).vector, 0x700);
    context.value("rc", read(slot).d1 & entry::rc, entry::r);
}

void no_entry(Context& context) {
    set_segment(segment, 1);
    const auto loaded = load(segment.address + 0x123450);
    expect_data_fault(context, loaded.fault, segment.address + 0x123450, dsisr::no_entry);
    expect_data_fault(context, store(segment.address + 0x123458, 1), segment.address + 0x123458,
                      dsisr::no_entry | dsisr::store);
}

void no_segment(Context& context) {
    forget_segments();
    const auto fault = load(segment.address + 0x1230).fault;
    context.value("vector", fault.vector, 0x380);
    context.value("dar", fault.dar, segment.address + 0x1230);
}

void read_only(Context& context) {
    map(context, segment, segment.address, scratch(), entry::pp_read_only);
    real_store(scratch(), 0x77);
    const auto loaded = load(segment.address);
    context.value("load_vector", loaded.fault.vector, 0);
    context.value("loaded", loaded.value, 0x77);
    expect_data_fault(context, store(segment.address, 0x99), segment.address, dsisr::protection | dsisr::store);
    context.value("memory", real_load(scratch()), 0x77);
}

void refused_store_leaves_change(Context& context) {
    const auto slot = map(context, segment, segment.address, scratch(), entry::pp_read_only);
    load(segment.address);
    store(segment.address, 0x99);
    context.value("rc", read(slot).d1 & entry::rc, entry::r);
}

void no_access_with_key(Context& context) {
    // pp = 00 lets only key 0 in; Ks makes the supervisor's key 1.
    auto keyed = segment;
    keyed.slb_bits |= segment_ks;
    map(context, keyed, segment.address, scratch(), entry::pp_kernel);
    expect_data_fault(context, load(segment.address).fault, segment.address, dsisr::protection);
    set_segment(segment, 1);
    context.value("without_key", load(segment.address).fault.vector, 0);
}

void storage_key(Context& context) {
    auto what = make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch()));
    what.d1 |= entry::key_high | entry::key_low; // key 31: the last two bits of AMR
    enter(context, 0, group_of(context, segment, segment.address), what);
    set_segment(segment, 1);
    context.value("open", load(segment.address).fault.vector, 0);
    guest::write_spr<guest::spr::amr>(2); // no stores
    asm volatile("isync" ::: "memory");
    context.value("amr", guest::read_spr<guest::spr::amr>(), 2);
    const auto loaded = load(segment.address);
    const auto stored = store(segment.address, 1);
    guest::write_spr<guest::spr::amr>(0);
    asm volatile("isync" ::: "memory");
    context.value("load_vector", loaded.fault.vector, 0);
    expect_data_fault(context, stored, segment.address, dsisr::key | dsisr::store);
}

void secondary_group(Context& context) {
    auto what = make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch()));
    what.d0 |= entry::secondary;
    context.status("enter", enter(context, 0, group_of(context, segment, segment.address, true), what).status,
                   status::success);
    set_segment(segment, 1);
    real_store(scratch(), 0x2468);
    context.value("loaded", load(segment.address).value, 0x2468);
}

void terabyte_segment(Context& context) {
    if (!context.machine().tree->processor_has("ibm,processor-segment-sizes"))
        return context.skip("ibm,processor-segment-sizes is not there");
    const Segment wide{.address = 0x4100'0000'0000, .vsid = 0x105, .terabyte = true};
    const auto address = wide.address + 0x12'3456'7000;
    const auto slot = map(context, wide, address, scratch());
    real_store(scratch(), 0x1357);
    context.value("loaded", load(address).value, 0x1357);
    context.value("rc", read(slot).d1 & entry::rc, entry::r);
}

void large_page(Context& context, unsigned base, unsigned actual) {
    const auto encoding = page_encoding(context, base, actual);
    if (!encoding)
        return context.skip("ibm,segment-page-sizes has no such pages");
    Segment wide = plain_segment(0x107);
    wide.page_shift = base;
    wide.slb_bits |= encoding->slb;
    const auto address = wide.address + 0x30000;
    auto what = make_entry(wide, address, reinterpret_cast<std::uint64_t>(scratch()));
    what.d0 |= entry::large;
    what.d1 |= encoding->pte << 12;
    // In a segment of smaller base pages each of them looks for the entry by a hash of its own.
    const auto touched = address + 0x9008;
    context.status("enter", enter(context, 0, group_of(context, wide, touched), what).status, status::success);
    set_segment(wide, 1);
    real_store(&scratch(9)[1], 0xabcdef);
    const auto loaded = load(touched);
    context.value("vector", loaded.fault.vector, 0);
    context.value("loaded", loaded.value, 0xabcdef);
}

void page_of_64_kib(Context& context) { large_page(context, 16, 16); }
void page_of_64_kib_in_4_kib_segment(Context& context) { large_page(context, 12, 16); }

void execution(Context& context) {
    map(context, segment, segment.address, trap_page());
    const auto fault = execute(segment.address);
    context.value("vector", fault.vector, 0x700);
    context.value("srr0", fault.srr0, segment.address);
    context.value("srr1", fault.srr1 & 0x000f'0000, 0x0002'0000); // trap
}

void execution_without_entry(Context& context) {
    set_segment(segment, 1);
    const auto fault = execute(segment.address + 0x5000);
    context.value("vector", fault.vector, 0x400);
    context.value("srr0", fault.srr0, segment.address + 0x5000);
    context.value("srr1", fault.srr1 & srr1::fetch_causes, srr1::no_entry);
}

void execution_without_segment(Context& context) {
    forget_segments();
    const auto fault = execute(segment.address + 0x5000);
    context.value("vector", fault.vector, 0x480);
    context.value("srr0", fault.srr0, segment.address + 0x5000);
}

void no_execute_page(Context& context) {
    auto what = make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(trap_page()));
    what.d1 |= entry::no_execute;
    enter(context, 0, group_of(context, segment, segment.address), what);
    set_segment(segment, 1);
    const auto fault = execute(segment.address);
    context.value("vector", fault.vector, 0x400);
    context.value("srr1", fault.srr1 & srr1::fetch_causes, srr1::no_execute);
    context.value("load_vector", load(segment.address).fault.vector, 0);
}

void no_execute_segment(Context& context) {
    auto data = segment;
    data.slb_bits |= segment_no_execute;
    map(context, data, segment.address, trap_page());
    const auto fault = execute(segment.address);
    context.value("vector", fault.vector, 0x400);
    context.value("srr1", fault.srr1 & srr1::fetch_causes, srr1::no_execute);
}

constexpr std::array cases = {
    Case{"translation.load_and_store", &load_and_store},
    Case{"translation.reference_and_change", &reference_and_change},
    Case{"translation.fetch_sets_reference", &fetch_sets_reference},
    Case{"translation.no_entry", &no_entry},
    Case{"translation.no_segment", &no_segment},
    Case{"translation.read_only", &read_only},
    Case{"translation.refused_store_leaves_change", &refused_store_leaves_change},
    Case{"translation.no_access_with_key", &no_access_with_key},
    Case{"translation.storage_key", &storage_key},
    Case{"translation.secondary_group", &secondary_group},
    Case{"translation.terabyte_segment", &terabyte_segment},
    Case{"translation.page_of_64_kib", &page_of_64_kib},
    Case{"translation.page_of_64_kib_in_4_kib_segment", &page_of_64_kib_in_4_kib_segment},
    Case{"translation.execution", &execution},
    Case{"translation.execution_without_entry", &execution_without_entry},
    Case{"translation.execution_without_segment", &execution_without_segment},
    Case{"translation.no_execute_page", &no_execute_page},
    Case{"translation.no_execute_segment", &no_execute_segment},
};

} // namespace

std::span<const Case> translation_cases() { return cases; }

} // namespace conform

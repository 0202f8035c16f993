// SPDX-License-Identifier: Apache-2.0
// A call that changes an entry has changed what the processor does when it returns: nothing stale is used.
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x111);

void removed(Context& context) {
    const auto slot = map(context, segment, segment.address, scratch());
    context.value("before", load(segment.address).fault.vector, 0);
    context.status("remove", remove(0, slot, 0).status, status::success);
    expect_data_fault(context, load(segment.address).fault, segment.address, dsisr::no_entry);
}

void bulk_removed(Context& context) {
    constexpr std::uint64_t request = std::uint64_t{0x40} << 56, end = std::uint64_t{0xc0} << 56;
    const auto second = segment.address + 0x1000;
    const auto slot_0 = map(context, segment, segment.address, scratch(0));
    const auto slot_1 = map(context, segment, second, scratch(1));
    store(segment.address, 1);
    load(second);
    const auto answer = hcall(call::bulk_remove, request | slot_0, 0, request | slot_1, 0, end, 0, 0, 0);
    context.status("status", answer.status, status::success);
    context.value("first_byte", answer.r(4) >> 56, 0x8c);
    context.value("second_byte", answer.r(6) >> 56, 0x88);
    context.value("first_vector", load(segment.address).fault.vector, 0x300);
    context.value("second_vector", load(second).fault.vector, 0x300);
}

void protected_from_stores(Context& context) {
    const auto slot = map(context, segment, segment.address, scratch());
    context.value("before", store(segment.address, 1).vector, 0);
    context.status("protect", hcall(call::protect, entry::pp_read_only, slot, 0).status, status::success);
    expect_data_fault(context, store(segment.address, 2), segment.address, dsisr::protection | dsisr::store);
    context.value("load_vector", load(segment.address).fault.vector, 0);
}

void opened_for_stores(Context& context) {
    const auto slot = map(context, segment, segment.address, scratch(), entry::pp_read_only);
    context.value("before", store(segment.address, 1).vector, 0x300);
    context.status("protect", hcall(call::protect, entry::pp_both, slot, 0).status, status::success);
    context.value("after", store(segment.address, 2).vector, 0);
    context.value("memory", real_load(scratch()), 2);
}

void protected_from_execution(Context& context) {
    const auto slot = map(context, segment, segment.address, trap_page());
    context.value("before", execute(segment.address).vector, 0x700);
    context.status("protect", hcall(call::protect, entry::pp_both | entry::no_execute, slot, 0).status,
                   status::success);
    const auto fault = execute(segment.address);
    context.value("vector", fault.vector, 0x400);
    context.value("srr1", fault.srr1 & srr1::fetch_causes, srr1::no_execute);
}

void change_kept_by_protect(Context& context) {
    const auto slot = map(context, segment, segment.address, scratch());
    store(segment.address, 1);
    context.status("protect", hcall(call::protect, entry::pp_read_only, slot, 0).status, status::success);
    context.value("c", read(slot).d1 & entry::c, entry::c);
}

void reference_set_again(Context& context) {
    const auto slot = map(context, segment, segment.address, scratch());
    load(segment.address);
    context.status("clear", hcall(call::clear_ref, 0, slot).status, status::success);
    context.value("cleared", read(slot).d1 & entry::rc, 0);
    load(segment.address);
    context.value("again", read(slot).d1 & entry::rc, entry::r);
}

void change_set_again(Context& context) {
    const auto slot = map(context, segment, segment.address, scratch());
    store(segment.address, 1);
    const auto answer = hcall(call::clear_mod, 0, slot);
    context.status("clear", answer.status, status::success);
    context.value("old", answer.r(4) & entry::rc, entry::rc);
    context.value("cleared", read(slot).d1 & entry::c, 0);
    load(segment.address);
    context.value("after_load", read(slot).d1 & entry::c, 0);
    store(segment.address, 2);
    context.value("after_store", read(slot).d1 & entry::c, entry::c);
}

void other_page_in_its_place(Context& context) {
    real_store(scratch(0), 0xa);
    real_store(scratch(1), 0xb);
    const auto slot = map(context, segment, segment.address, scratch(0));
    context.value("first", load(segment.address).value, 0xa);
    remove(0, slot, 0);
    map(context, segment, segment.address, scratch(1));
    context.value("second", load(segment.address).value, 0xb);
}

void two_addresses_one_page(Context& context) {
    const auto second = segment.address + 0x7000;
    const auto slot_0 = map(context, segment, segment.address, scratch());
    const auto slot_1 = map(context, segment, second, scratch());
    store(segment.address, 0x42);
    context.value("seen", load(second).value, 0x42);
    context.value("first_rc", read(slot_0).d1 & entry::rc, entry::rc);
    context.value("second_rc", read(slot_1).d1 & entry::rc, entry::r);
}

void other_segment_other_page(Context& context) {
    const Segment other = plain_segment(0x112);
    real_store(scratch(2), 0x2);
    real_store(scratch(3), 0x3);
    map(context, segment, segment.address, scratch(2));
    context.value("first", load(segment.address).value, 0x2);
    asm volatile("isync\n slbie %0\n isync" : : "r"(segment.address) : "memory");
    map(context, other, other.address, scratch(3));
    context.value("second", load(other.address).value, 0x3);
}

void thirty_two_pages(Context& context) {
    bool all_loaded = true, all_faulted = true;
    std::array<std::uint64_t, scratch_pages> slots{};
    for (unsigned i = 0; i < scratch_pages; ++i) {
        real_store(scratch(i), 0x1000 + i);
        slots[i] = map(context, segment, segment.address + i * 0x1000, scratch(i));
    }
    for (unsigned i = 0; i < scratch_pages; ++i)
        all_loaded = all_loaded && load(segment.address + i * 0x1000).value == 0x1000 + i;
    for (const auto slot : slots)
        remove(0, slot, 0);
    for (unsigned i = 0; i < scratch_pages; ++i)
        all_faulted = all_faulted && load(segment.address + i * 0x1000).fault.vector == 0x300;
    context.holds("all_loaded", all_loaded);
    context.holds("all_gone", all_faulted);
}

constexpr std::array cases = {
    Case{"change.removed", &removed},
    Case{"change.bulk_removed", &bulk_removed},
    Case{"change.protected_from_stores", &protected_from_stores},
    Case{"change.opened_for_stores", &opened_for_stores},
    Case{"change.protected_from_execution", &protected_from_execution},
    Case{"change.change_kept_by_protect", &change_kept_by_protect},
    Case{"change.reference_set_again", &reference_set_again},
    Case{"change.change_set_again", &change_set_again},
    Case{"change.other_page_in_its_place", &other_page_in_its_place},
    Case{"change.two_addresses_one_page", &two_addresses_one_page},
    Case{"change.other_segment_other_page", &other_segment_other_page},
    Case{"change.thirty_two_pages", &thirty_two_pages},
};

} // namespace

std::span<const Case> translation_change_cases() { return cases; }

} // namespace conform

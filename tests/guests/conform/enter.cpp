// SPDX-License-Identifier: Apache-2.0
// H_ENTER with arguments that it must accept. LoPAR "H_ENTER".
#include "table.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x11);

Entry page(std::uint64_t address = segment.address) {
    return make_entry(segment, address, reinterpret_cast<std::uint64_t>(scratch()));
}

std::uint64_t group(const Context& context) { return group_of(context, segment, segment.address); }

void exact_free_slot(Context& context) {
    const auto slot = group(context) + 5;
    const auto answer = enter(context, flag::exact, slot, page());
    context.status("status", answer.status, status::success);
    context.holds("slot_is_the_one_named", answer.r(4) == slot);
    const auto stored = read(slot);
    context.value("d0", stored.d0, page().d0);
    context.holds("d1_as_given", (stored.d1 & ~entry::real_page) == (page().d1 & ~entry::real_page));
}

void exact_taken_slot(Context& context) {
    const auto slot = group(context) + 2;
    context.status("first", enter(context, flag::exact, slot, page()).status, status::success);
    auto other = page(segment.address + 0x1000);
    context.status("second", enter(context, flag::exact, slot, other).status, status::pteg_full);
    context.value("d0", read(slot).d0, page().d0);
}

void first_free_slot(Context& context) {
    const auto first = group(context);
    context.status("first", enter(context, flag::exact, first, page()).status, status::success);
    context.status("third", enter(context, flag::exact, first + 2, page()).status, status::success);
    const auto answer = enter(context, 0, first, page());
    context.status("status", answer.status, status::success);
    context.holds("went_to_second", answer.r(4) == first + 1);
}

void low_bits_do_not_matter(Context& context) {
    const auto first = group(context);
    const auto answer = enter(context, 0, first + 6, page());
    context.status("status", answer.status, status::success);
    context.holds("went_to_first", answer.r(4) == first);
}

void full_group(Context& context) {
    const auto first = group(context);
    bool in_order = true;
    for (std::uint64_t i = 0; i < 8; ++i) {
        const auto answer = enter(context, 0, first, page(segment.address + (i << 23)));
        in_order = in_order && answer.status == status::success && answer.r(4) == first + i;
    }
    context.holds("eight_in_order", in_order);
    context.status("ninth", enter(context, 0, first, page()).status, status::pteg_full);
    context.status("exact_ninth", enter(context, flag::exact, first + 7, page()).status, status::pteg_full);
    context.status("remove_fourth", remove(0, first + 3, 0).status, status::success);
    const auto again = enter(context, 0, first, page());
    context.status("again", again.status, status::success);
    context.holds("took_the_gap", again.r(4) == first + 3);
}

void last_slot(Context& context) {
    const auto last = slot_count(context) - 1;
    const auto answer = enter(context, flag::exact, last, page());
    context.status("status", answer.status, status::success);
    context.holds("slot_is_the_one_named", answer.r(4) == last);
}

void attributes_kept(Context& context) {
    const auto slot = group(context);
    auto what = page();
    what.d0 |= 0x18; // two of the bits that are the partition's
    what.d1 |= entry::no_execute | entry::key_high | entry::key_low | entry::rc | entry::pp0 | entry::pp_read_only;
    context.status("status", enter(context, flag::exact, slot, what).status, status::success);
    const auto stored = read(slot);
    context.value("d0", stored.d0, what.d0);
    context.value("d1", stored.d1 & ~entry::real_page, what.d1 & ~entry::real_page);
}

void hypervisor_bits(Context& context) {
    const auto slot = group(context);
    auto what = page();
    what.d0 |= entry::hypervisor_0;
    context.status("status", enter(context, flag::exact, slot, what).status, status::success);
    context.value("bits", hcall(call::read, 0, slot).r(4) & entry::hypervisor_0, 0);
}

void reserved_bits_of_d1(Context& context) {
    const auto slot = group(context);
    auto what = page();
    what.d1 |= std::uint64_t{1} << 62;
    context.status("status", enter(context, flag::exact, slot, what).status, status::success);
    context.value("bit", read(slot).d1 & std::uint64_t{1} << 62, 0);
}

void secondary_group(Context& context) {
    const auto first = group_of(context, segment, segment.address, true);
    auto what = page();
    what.d0 |= entry::secondary;
    const auto answer = enter(context, 0, first, what);
    context.status("status", answer.status, status::success);
    context.value("d0", read(answer.r(4)).d0, what.d0);
}

void page_of_64_kib(Context& context) {
    const auto encoding = page_encoding(context, 16, 16);
    if (!encoding)
        return context.skip("ibm,segment-page-sizes has no 64 KiB pages");
    const auto slot = group(context);
    auto what = page();
    what.d0 |= entry::large;
    what.d1 |= encoding->pte << 12;
    context.status("status", enter(context, flag::exact, slot, what).status, status::success);
    const auto stored = read(slot);
    context.value("d0", stored.d0, what.d0);
    context.value("size", stored.d1 & 0xf000, encoding->pte << 12);
}

void pages_of_64_kib_in_4_kib_segment(Context& context) {
    const auto encoding = page_encoding(context, 12, 16);
    if (!encoding)
        return context.skip("ibm,segment-page-sizes has no 64 KiB pages in 4 KiB segments");
    const auto slot = group(context);
    auto what = page();
    what.d0 |= entry::large;
    what.d1 |= encoding->pte << 12;
    context.status("status", enter(context, flag::exact, slot, what).status, status::success);
    context.value("size", read(slot).d1 & 0xf000, encoding->pte << 12);
}

void invalid_entry(Context& context) {
    // An entry without V is stored and found again, and its slot is as free as before.
    const auto first = group(context);
    auto what = page();
    what.d0 &= ~entry::valid;
    context.status("status", enter(context, flag::exact, first, what).status, status::success);
    context.value("d0", read(first).d0, what.d0);
    const auto answer = enter(context, 0, first, page());
    context.status("again", answer.status, status::success);
    context.holds("same_slot", answer.r(4) == first);
}

void zero_page(Context& context) {
    // LoPAR H_ENTER, flag Zero Page: the page is zeroed when the call succeeds.
    auto* words = scratch(4);
    words[0] = words[511] = 0x1234;
    const auto what = make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(words));
    const auto slot = group(context);
    context.status("status", enter(context, flag::exact | flag::zero_page, slot, what).status, status::success);
    auto* volatile seen = words;
    context.value("first", seen[0], 0);
    context.value("last", seen[511], 0);
}

constexpr std::array cases = {
    Case{"enter.exact_free_slot", &exact_free_slot, good(call::enter)},
    Case{"enter.exact_taken_slot", &exact_taken_slot, boundary(call::enter)},
    Case{"enter.first_free_slot", &first_free_slot, good(call::enter)},
    Case{"enter.low_bits_do_not_matter", &low_bits_do_not_matter, good(call::enter)},
    Case{"enter.full_group", &full_group, boundary(call::enter)},
    Case{"enter.last_slot", &last_slot, good(call::enter)},
    Case{"enter.attributes_kept", &attributes_kept, good(call::enter)},
    Case{"enter.hypervisor_bits", &hypervisor_bits, hostile(call::enter)},
    Case{"enter.reserved_bits_of_d1", &reserved_bits_of_d1, hostile(call::enter)},
    Case{"enter.secondary_group", &secondary_group, good(call::enter)},
    Case{"enter.page_of_64_kib", &page_of_64_kib, good(call::enter)},
    Case{"enter.page_of_64_kib_in_4_kib_segment", &pages_of_64_kib_in_4_kib_segment, good(call::enter)},
    Case{"enter.invalid_entry", &invalid_entry, good(call::enter)},
    Case{"enter.zero_page", &zero_page, good(call::enter)},
};

} // namespace

std::span<const Case> enter_cases() { return cases; }

} // namespace conform

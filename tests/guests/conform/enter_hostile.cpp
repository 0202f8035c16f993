// SPDX-License-Identifier: Apache-2.0
// H_ENTER with arguments that it must refuse, and the table unchanged after it. LoPAR "H_ENTER".
#include "table.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x21);
constexpr std::uint64_t all_ones = ~std::uint64_t{0};

Entry page() { return make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch())); }

std::uint64_t group(const Context& context) { return group_of(context, segment, segment.address); }

void refuse(Context& context, std::string_view label, Entry what, std::uint64_t flags = flag::exact) {
    context.status(label, enter(context, flags, group(context), what).status, status::parameter);
}

Entry with_wimg(std::uint64_t wimg) { return {page().d0, (page().d1 & ~entry::wimg) | wimg}; }

Entry with_real(std::uint64_t real) { return {page().d0, (page().d1 & ~entry::real_page) | (real & entry::real_page)}; }

void slot_beyond_table(Context& context) {
    const auto count = slot_count(context);
    context.status("first_beyond", enter(context, 0, count, page()).status, status::parameter);
    context.status("exact_beyond", enter(context, flag::exact, count, page()).status, status::parameter);
    context.status("twice", enter(context, flag::exact, count * 2, page()).status, status::parameter);
    context.status("top_bit", enter(context, flag::exact, std::uint64_t{1} << 63, page()).status, status::parameter);
    context.status("all_ones", enter(context, flag::exact, all_ones, page()).status, status::parameter);
    context.status("all_ones_group", enter(context, 0, all_ones, page()).status, status::parameter);
    // An index that wraps to slot 0 when it is turned into a byte offset.
    context.status("wraps", enter(context, flag::exact, std::uint64_t{1} << 60, page()).status, status::parameter);
}

void memory_wants_coherence(Context& context) {
    refuse(context, "none", with_wimg(0));
    refuse(context, "write_through", with_wimg(entry::write_through | entry::memory));
    refuse(context, "inhibited", with_wimg(entry::inhibited | entry::memory));
    refuse(context, "inhibited_guarded", with_wimg(entry::inhibited | entry::guarded));
    refuse(context, "guarded", with_wimg(entry::memory | entry::guarded));
}

void page_beyond_memory(Context& context) {
    const auto end = context.machine().memory;
    context.status("last_page", enter(context, flag::exact, group(context), with_real(end - 0x1000)).status,
                   status::success);
    remove(0, group(context), 0);
    refuse(context, "first_beyond", with_real(end));
    refuse(context, "terabyte", with_real(std::uint64_t{1} << 40));
    refuse(context, "all_ones", with_real(all_ones));
}

void device_page_that_is_nobodys(Context& context) {
    // Cache-inhibited, and no device of the partition is there.
    auto what = with_real(std::uint64_t{0xf000} << 40);
    what.d1 = (what.d1 & ~entry::wimg) | entry::inhibited | entry::guarded;
    refuse(context, "status", what);
}

void large_page_across_the_end(Context& context) {
    const auto encoding = page_encoding(context, 16, 16);
    if (!encoding)
        return context.skip("ibm,segment-page-sizes has no 64 KiB pages");
    auto what = with_real(context.machine().memory);
    what.d0 |= entry::large;
    what.d1 = (what.d1 & ~std::uint64_t{0xf000}) | encoding->pte << 12;
    refuse(context, "first_beyond", what);
    what.d1 -= 0x10000;
    context.status("last", enter(context, flag::exact, group(context), what).status, status::success);
}

void page_size_that_is_none(Context& context) {
    // L=1 with low bits of the real page that encode no page size.
    auto what = page();
    what.d0 |= entry::large;
    what.d1 = (what.d1 & ~std::uint64_t{0xff000}) | 0xfe000;
    refuse(context, "status", what);
}

void page_size_not_offered(Context& context) {
    if (page_encoding(context, 24, 24))
        return context.skip("ibm,segment-page-sizes has 16 MiB pages");
    auto what = with_real(16u << 20);
    what.d0 |= entry::large;
    what.d1 &= ~std::uint64_t{0xff000}; // LP = 0: 16 MiB
    refuse(context, "status", what);
}

void refusal_changes_nothing(Context& context) {
    const auto slot = group(context);
    refuse(context, "wimg", with_wimg(0));
    refuse(context, "real", with_real(context.machine().memory));
    const auto left = read(slot);
    context.value("d0", left.d0, 0);
    context.value("d1", left.d1, 0);
}

void refusal_leaves_the_occupant(Context& context) {
    const auto slot = group(context);
    context.status("first", enter(context, flag::exact, slot, page()).status, status::success);
    refuse(context, "wimg", with_wimg(0));
    context.value("d0", read(slot).d0, page().d0);
}

void all_ones_everywhere(Context& context) {
    const auto answer = hcall(call::enter, all_ones, all_ones, all_ones, all_ones, all_ones, all_ones);
    context.holds("refused", answer.status < 0);
    const auto in_table = hcall(call::enter, all_ones, group(context), all_ones, all_ones, all_ones, all_ones);
    context.holds("refused_in_table", in_table.status < 0);
    context.value("d0", read(group(context)).d0, 0);
}

constexpr std::array cases = {
    Case{"enter.slot_beyond_table", &slot_beyond_table, boundary(call::enter)},
    Case{"enter.memory_wants_coherence", &memory_wants_coherence, boundary(call::enter)},
    Case{"enter.page_beyond_memory", &page_beyond_memory, boundary(call::enter)},
    Case{"enter.device_page_that_is_nobodys", &device_page_that_is_nobodys, boundary(call::enter)},
    Case{"enter.large_page_across_the_end", &large_page_across_the_end, boundary(call::enter)},
    Case{"enter.page_size_that_is_none", &page_size_that_is_none, boundary(call::enter)},
    Case{"enter.page_size_not_offered", &page_size_not_offered, boundary(call::enter)},
    Case{"enter.refusal_changes_nothing", &refusal_changes_nothing, boundary(call::enter)},
    Case{"enter.refusal_leaves_the_occupant", &refusal_leaves_the_occupant, boundary(call::enter)},
    Case{"enter.all_ones_everywhere", &all_ones_everywhere, hostile(call::enter)},
};

} // namespace

std::span<const Case> enter_hostile_cases() { return cases; }

} // namespace conform

// SPDX-License-Identifier: Apache-2.0
// H_READ. LoPAR "H_READ".
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x31);

Entry page(std::uint64_t n) {
    return make_entry(segment, segment.address + (n << 23), reinterpret_cast<std::uint64_t>(scratch()));
}

std::uint64_t group(const Context& context) { return group_of(context, segment, segment.address); }

constexpr std::uint64_t mask_0(std::uint64_t d0) { return d0 & ~entry::hypervisor_0; }

void one(Context& context) {
    const auto slot = group(context) + 1;
    enter(context, flag::exact, slot, page(1));
    const auto answer = hcall(call::read, 0, slot);
    context.status("status", answer.status, status::success);
    context.value("d0", mask_0(answer.r(4)), page(1).d0);
    context.value("d1", answer.r(5) & ~entry::real_page, page(1).d1 & ~entry::real_page);
}

void empty(Context& context) {
    const auto answer = hcall(call::read, 0, group(context));
    context.status("status", answer.status, status::success);
    context.value("d0", mask_0(answer.r(4)), 0);
    context.value("d1", answer.r(5), 0);
}

void four(Context& context) {
    const auto first = group(context) + 4;
    for (std::uint64_t i = 0; i < 4; i += 2)
        enter(context, flag::exact, first + i, page(i));
    const auto answer = hcall(call::read, flag::read_4, first);
    context.status("status", answer.status, status::success);
    context.value("first", mask_0(answer.r(4)), page(0).d0);
    context.value("second", mask_0(answer.r(6)), 0);
    context.value("third", mask_0(answer.r(8)), page(2).d0);
    context.value("fourth", mask_0(answer.r(10)), 0);
}

void four_from_within(Context& context) {
    const auto first = group(context) + 4;
    for (std::uint64_t i = 0; i < 4; ++i)
        enter(context, flag::exact, first + i, page(i));
    const auto answer = hcall(call::read, flag::read_4, first + 3);
    context.status("status", answer.status, status::success);
    context.value("first", mask_0(answer.r(4)), page(0).d0);
    context.value("fourth", mask_0(answer.r(10)), page(3).d0);
}

void logical_page(Context& context) {
    // R-XLATE: the page number is the one that was entered.
    const auto first = group(context) + 4;
    for (std::uint64_t i = 0; i < 4; ++i) {
        auto what = page(i);
        what.d1 += i * 0x1000;
        enter(context, flag::exact, first + i, what);
    }
    const auto real = page(0).d1 & entry::real_page;
    const auto one = hcall(call::read, flag::r_xlate, first + 2);
    context.status("one", one.status, status::success);
    context.holds("page", (one.r(5) & entry::real_page) == real + 0x2000);
    const auto four = hcall(call::read, flag::r_xlate | flag::read_4, first);
    context.status("four", four.status, status::success);
    for (unsigned i = 0; i < 4; ++i)
        context.holds("page_of_four", (four.r(5 + 2 * i) & entry::real_page) == real + i * 0x1000);
}

void flags_without_meaning(Context& context) {
    // Page states too: what is in the page stays.
    const auto slot = group(context);
    enter(context, flag::exact, slot, page(0));
    real_store(scratch(), 0x4321);
    const auto answer = hcall(call::read, flag::without_meaning | flag::page_states[2], slot);
    context.status("status", answer.status, status::success);
    context.value("d0", mask_0(answer.r(4)), page(0).d0);
    context.value("memory", real_load(scratch()), 0x4321);
}

void slot_beyond_table(Context& context) {
    const auto count = slot_count(context);
    context.status("first_beyond", hcall(call::read, 0, count).status, status::parameter);
    context.status("four_beyond", hcall(call::read, flag::read_4, count).status, status::parameter);
    context.status("all_ones", hcall(call::read, 0, ~std::uint64_t{0}).status, status::parameter);
    context.status("wraps", hcall(call::read, 0, std::uint64_t{1} << 60).status, status::parameter);
    context.status("last", hcall(call::read, 0, count - 1).status, status::success);
    context.status("last_four", hcall(call::read, flag::read_4, count - 1).status, status::success);
}

constexpr std::array cases = {
    Case{"read.one", &one, good(call::read)},
    Case{"read.empty", &empty, good(call::read)},
    Case{"read.four", &four, good(call::read)},
    Case{"read.four_from_within", &four_from_within, good(call::read)},
    Case{"read.logical_page", &logical_page, hostile(call::read)},
    Case{"read.flags_without_meaning", &flags_without_meaning, hostile(call::read)},
    Case{"read.slot_beyond_table", &slot_beyond_table, boundary(call::read)},
};

} // namespace

std::span<const Case> read_cases() { return cases; }

} // namespace conform

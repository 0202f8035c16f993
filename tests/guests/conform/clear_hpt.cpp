// SPDX-License-Identifier: Apache-2.0
// H_CLEAR_HPT. LoPAR "H_CLEAR_HPT": the table is empty afterwards, and real mode goes on.
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x181);

std::int64_t clear_all(unsigned& calls) {
    std::int64_t status = status::continue_;
    for (calls = 0; status == status::continue_ && calls < 1'000'000; ++calls)
        status = hcall(call::clear_hpt).status;
    return status;
}

void listed_or_unknown(Context& context) {
    const bool listed = context.machine().tree->has_function_set("hcall-clr-hpt");
    unsigned calls = 0;
    context.holds("answered_as_listed", clear_all(calls) == (listed ? status::success : status::function));
}

bool offered(Context& context) {
    if (context.machine().tree->has_function_set("hcall-clr-hpt"))
        return true;
    context.skip("ibm,hypertas-functions has no hcall-clr-hpt");
    return false;
}

void empties_the_table(Context& context) {
    if (!offered(context))
        return;
    const auto last = slot_count(context) - 1;
    auto what = make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch()));
    enter(context, flag::exact, 0, what);
    enter(context, flag::exact, last, what);
    what.d0 |= 0x10; // bolted ones too
    enter(context, flag::exact, last / 2, what);
    what.d0 &= ~entry::valid;
    enter(context, flag::exact, last / 3, what);
    unsigned calls = 0;
    context.status("status", clear_all(calls), status::success);
    bool all_zero = true;
    for (std::uint64_t i = 0; i <= last; i += 4) {
        const auto answer = hcall(call::read, flag::read_4, i);
        for (unsigned r = 4; r < 12; ++r)
            all_zero = all_zero && answer.r(r) == 0;
    }
    context.holds("all_zero", all_zero);
    context.status("again", clear_all(calls), status::success);
}

void translations_are_gone(Context& context) {
    if (!offered(context))
        return;
    bool loaded = true, gone = true;
    for (unsigned i = 0; i < 16; ++i) {
        map(context, segment, segment.address + i * 0x1000, scratch(i));
        loaded = loaded && store(segment.address + i * 0x1000, i).vector == 0;
    }
    context.holds("loaded", loaded);
    unsigned calls = 0;
    context.status("status", clear_all(calls), status::success);
    for (unsigned i = 0; i < 16; ++i)
        gone = gone && load(segment.address + i * 0x1000).fault.vector == 0x300;
    context.holds("gone", gone);
    context.value("memory", real_load(scratch(7)), 7);
    map(context, segment, segment.address, scratch(7));
    context.value("mapped_again", load(segment.address).value, 7);
}

constexpr std::array cases = {
    Case{"clear_hpt.listed_or_unknown", &listed_or_unknown, good(call::clear_hpt)},
    Case{"clear_hpt.empties_the_table", &empties_the_table, good(call::clear_hpt)},
    Case{"clear_hpt.translations_are_gone", &translations_are_gone, good(call::clear_hpt)},
};

} // namespace

std::span<const Case> clear_hpt_cases() { return cases; }

} // namespace conform

// SPDX-License-Identifier: Apache-2.0
// H_REMOVE. LoPAR "H_REMOVE".
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x41);

Entry page() { return make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch())); }

std::uint64_t group(const Context& context) { return group_of(context, segment, segment.address); }

/// Enters page() and answers its slot.
std::uint64_t entered(Context& context, std::uint64_t software_bits = 0) {
    auto what = page();
    what.d0 |= software_bits;
    enter(context, flag::exact, group(context), what);
    return group(context);
}

void gone(Context& context, std::uint64_t slot, bool expected) {
    context.value("valid", read(slot).d0 & entry::valid, expected ? 0 : 1);
}

void answers_old_entry(Context& context) {
    const auto slot = entered(context);
    const auto answer = remove(0, slot, 0);
    context.status("status", answer.status, status::success);
    context.value("d0", answer.r(4) & ~entry::hypervisor_0, page().d0);
    context.value("d1", answer.r(5) & ~entry::real_page, page().d1 & ~entry::real_page);
    gone(context, slot, true);
}

void keeps_given_rc(Context& context) {
    auto what = page();
    what.d1 |= entry::rc;
    enter(context, flag::exact, group(context), what);
    const auto answer = remove(0, group(context), 0);
    context.status("status", answer.status, status::success);
    context.value("rc", answer.r(5) & entry::rc, entry::rc);
}

void invalid_slot(Context& context) {
    context.status("status", remove(0, group(context), 0).status, status::not_found);
    entered(context);
    context.status("once", remove(0, group(context), 0).status, status::success);
    context.status("twice", remove(0, group(context), 0).status, status::not_found);
}

void avpn_matches(Context& context) {
    const auto slot = entered(context);
    context.status("status", remove(flag::avpn, slot, avpn_of(page().d0)).status, status::success);
    gone(context, slot, true);
}

void avpn_differs(Context& context) {
    const auto slot = entered(context);
    context.status("status", remove(flag::avpn, slot, avpn_of(page().d0) + 0x80).status, status::not_found);
    context.status("segment_size", remove(flag::avpn, slot, avpn_of(page().d0) ^ std::uint64_t{1} << 62).status,
                   status::not_found);
    gone(context, slot, false);
}

void avpn_ignored_without_flag(Context& context) {
    const auto slot = entered(context);
    context.status("status", remove(0, slot, 0x1234'5678'9abc'de80).status, status::success);
    gone(context, slot, true);
}

void andcond_hits(Context& context) {
    // The entry stays where (d0 & avpn) is not zero.
    const auto slot = entered(context, 0x10);
    context.status("status", remove(flag::andcond, slot, 0x10).status, status::not_found);
    gone(context, slot, false);
}

void andcond_misses(Context& context) {
    const auto slot = entered(context, 0x08);
    context.status("status", remove(flag::andcond, slot, 0x10).status, status::success);
    gone(context, slot, true);
}

void both_conditions(Context& context) {
    constexpr auto both = flag::avpn | flag::andcond;
    const auto slot = entered(context, 0x10);
    const auto avpn = avpn_of(page().d0);
    // The operand of both is the same; the entry's own AVPN has bits in common with it.
    context.status("status", remove(both, slot, avpn).status, status::not_found);
    context.status("other_avpn", remove(both, slot, 0).status, status::not_found);
    gone(context, slot, false);
}

void page_states(Context& context) {
    // Without the CMO option there are none: what is in the page stays.
    for (const auto state : flag::page_states) {
        const auto slot = entered(context);
        real_store(scratch(), state);
        context.status("status", remove(state, slot, 0).status, status::success);
        context.holds("kept", real_load(scratch()) == state);
    }
}

void flags_without_meaning(Context& context) {
    const auto slot = entered(context);
    context.status("status", remove(flag::without_meaning, slot, 0).status, status::success);
    gone(context, slot, true);
}

void slot_beyond_table(Context& context) {
    const auto count = slot_count(context);
    context.status("first_beyond", remove(0, count, 0).status, status::parameter);
    context.status("all_ones", remove(0, ~std::uint64_t{0}, 0).status, status::parameter);
    context.status("wraps", remove(0, std::uint64_t{1} << 60, 0).status, status::parameter);
}

void all_ones_everywhere(Context& context) {
    const auto slot = entered(context);
    constexpr auto ones = ~std::uint64_t{0};
    context.holds("refused", hcall(call::remove, ones, ones, ones, ones, ones).status < 0);
    gone(context, slot, false);
}

constexpr std::array cases = {
    Case{"remove.answers_old_entry", &answers_old_entry, good(call::remove)},
    Case{"remove.keeps_given_rc", &keeps_given_rc, good(call::remove)},
    Case{"remove.invalid_slot", &invalid_slot, boundary(call::remove)},
    Case{"remove.avpn_matches", &avpn_matches, good(call::remove)},
    Case{"remove.avpn_differs", &avpn_differs, boundary(call::remove)},
    Case{"remove.avpn_ignored_without_flag", &avpn_ignored_without_flag, good(call::remove)},
    Case{"remove.andcond_hits", &andcond_hits, boundary(call::remove)},
    Case{"remove.andcond_misses", &andcond_misses, good(call::remove)},
    Case{"remove.both_conditions", &both_conditions, good(call::remove)},
    Case{"remove.page_states", &page_states, hostile(call::remove)},
    Case{"remove.flags_without_meaning", &flags_without_meaning, hostile(call::remove)},
    Case{"remove.slot_beyond_table", &slot_beyond_table, boundary(call::remove)},
    Case{"remove.all_ones_everywhere", &all_ones_everywhere, hostile(call::remove)},
};

} // namespace

std::span<const Case> remove_cases() { return cases; }

} // namespace conform

// SPDX-License-Identifier: Apache-2.0
// H_PROTECT: what it does to the entry. LoPAR "H_PROTECT". What it does to accesses is in translation_change.cpp.
#include "table.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x51);

Entry page() { return make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch())); }

std::uint64_t group(const Context& context) { return group_of(context, segment, segment.address); }

std::uint64_t entered(Context& context, std::uint64_t d1_bits = 0) {
    auto what = page();
    what.d1 |= d1_bits;
    enter(context, flag::exact, group(context), what);
    return group(context);
}

std::uint64_t attributes(std::uint64_t slot) { return read(slot).d1 & ~entry::real_page; }

// pp, N and the low key bits of the flags are where they are in the entry; pp0 and the high key bits are 48 bits lower.
constexpr std::uint64_t flag_pp0 = 0x100, flag_key_high = 0x3000;

void sets_protection(Context& context) {
    const auto slot = entered(context);
    context.status("read_only", hcall(call::protect, entry::pp_read_only, slot, 0).status, status::success);
    context.value("d1", attributes(slot), entry::memory | entry::pp_read_only);
    context.status("both", hcall(call::protect, entry::pp_both, slot, 0).status, status::success);
    context.value("d1_again", attributes(slot), entry::memory | entry::pp_both);
}

void sets_no_execute(Context& context) {
    const auto slot = entered(context);
    context.status("on", hcall(call::protect, entry::pp_both | entry::no_execute, slot, 0).status, status::success);
    context.value("d1", attributes(slot), entry::memory | entry::pp_both | entry::no_execute);
    context.status("off", hcall(call::protect, entry::pp_both, slot, 0).status, status::success);
    context.value("d1_again", attributes(slot), entry::memory | entry::pp_both);
}

void sets_low_key(Context& context) {
    const auto slot = entered(context);
    context.status("status", hcall(call::protect, entry::pp_both | entry::key_low, slot, 0).status, status::success);
    context.value("d1", attributes(slot), entry::memory | entry::pp_both | entry::key_low);
}

void sets_high_key(Context& context) {
    const auto slot = entered(context);
    context.status("status", hcall(call::protect, entry::pp_both | flag_key_high, slot, 0).status, status::success);
    context.value("d1", attributes(slot), entry::memory | entry::pp_both | entry::key_high);
}

void sets_pp0(Context& context) {
    const auto slot = entered(context);
    context.status("status", hcall(call::protect, entry::pp_both | flag_pp0, slot, 0).status, status::success);
    context.value("d1", attributes(slot), entry::memory | entry::pp_both | entry::pp0);
}

void keeps_the_rest(Context& context) {
    const auto slot = entered(context, entry::c);
    const auto before = read(slot);
    context.status("status", hcall(call::protect, entry::pp_read_only, slot, 0).status, status::success);
    const auto after = read(slot);
    context.holds("d0_kept", after.d0 == before.d0);
    context.holds("page_kept", (after.d1 & entry::real_page) == (before.d1 & entry::real_page));
    context.value("c", after.d1 & entry::c, entry::c);
    context.value("wimg", after.d1 & entry::wimg, entry::memory);
}

void invalid_slot(Context& context) {
    context.status("status", hcall(call::protect, entry::pp_both, group(context), 0).status, status::not_found);
    context.value("d1", read(group(context)).d1, 0);
}

void avpn_matches(Context& context) {
    const auto slot = entered(context);
    context.status("status", hcall(call::protect, flag::avpn | entry::pp_read_only, slot, avpn_of(page().d0)).status,
                   status::success);
    context.value("d1", attributes(slot), entry::memory | entry::pp_read_only);
}

void avpn_differs(Context& context) {
    const auto slot = entered(context);
    context.status("status",
                   hcall(call::protect, flag::avpn | entry::pp_read_only, slot, avpn_of(page().d0) + 0x80).status,
                   status::not_found);
    context.value("d1", attributes(slot), entry::memory | entry::pp_both);
}

void andcond_is_not_its_flag(Context& context) {
    const auto slot = entered(context);
    context.status("status", hcall(call::protect, flag::andcond | entry::pp_read_only, slot, ~std::uint64_t{0}).status,
                   status::success);
    context.value("d1", attributes(slot), entry::memory | entry::pp_read_only);
}

void flags_without_meaning(Context& context) {
    const auto slot = entered(context);
    context.status("status", hcall(call::protect, flag::without_meaning | entry::pp_read_only, slot, 0).status,
                   status::success);
    context.value("d1", attributes(slot), entry::memory | entry::pp_read_only);
    for (const auto state : flag::page_states)
        context.status("state", hcall(call::protect, state | entry::pp_both, slot, 0).status, status::success);
    context.value("d1_again", attributes(slot), entry::memory | entry::pp_both);
}

void slot_beyond_table(Context& context) {
    constexpr auto ones = ~std::uint64_t{0};
    context.status("first_beyond", hcall(call::protect, 0, slot_count(context), 0).status, status::parameter);
    context.status("all_ones", hcall(call::protect, 0, ones, 0).status, status::parameter);
    context.status("wraps", hcall(call::protect, 0, std::uint64_t{1} << 60, 0).status, status::parameter);
}

constexpr std::array cases = {
    Case{"protect.sets_protection", &sets_protection, good(call::protect)},
    Case{"protect.sets_no_execute", &sets_no_execute, good(call::protect)},
    Case{"protect.sets_low_key", &sets_low_key, good(call::protect)},
    Case{"protect.sets_high_key", &sets_high_key, good(call::protect)},
    Case{"protect.sets_pp0", &sets_pp0, good(call::protect)},
    Case{"protect.keeps_the_rest", &keeps_the_rest, good(call::protect)},
    Case{"protect.invalid_slot", &invalid_slot, boundary(call::protect)},
    Case{"protect.avpn_matches", &avpn_matches, good(call::protect)},
    Case{"protect.avpn_differs", &avpn_differs, boundary(call::protect)},
    Case{"protect.andcond_is_not_its_flag", &andcond_is_not_its_flag, good(call::protect)},
    Case{"protect.flags_without_meaning", &flags_without_meaning, hostile(call::protect)},
    Case{"protect.slot_beyond_table", &slot_beyond_table, boundary(call::protect)},
};

} // namespace

std::span<const Case> protect_cases() { return cases; }

} // namespace conform

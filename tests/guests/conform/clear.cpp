// SPDX-License-Identifier: Apache-2.0
// H_CLEAR_REF and H_CLEAR_MOD. LoPAR "H_CLEAR_REF", "H_CLEAR_MOD": r4 is the old second doubleword.
#include "table.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x71);

Entry page() {
    auto what = make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch()));
    what.d1 |= entry::rc;
    return what;
}

std::uint64_t group(const Context& context) { return group_of(context, segment, segment.address); }

void clears(Context& context, std::uint64_t token, std::uint64_t bit) {
    const auto slot = group(context);
    enter(context, flag::exact, slot, page());
    const auto answer = hcall(token, 0, slot);
    context.status("status", answer.status, status::success);
    context.value("old", answer.r(4) & ~entry::real_page, page().d1 & ~entry::real_page);
    const auto after = read(slot);
    context.value("d0", after.d0, page().d0);
    context.value("d1", after.d1 & ~entry::real_page, (page().d1 & ~entry::real_page) & ~bit);
    const auto again = hcall(token, 0, slot);
    context.status("again", again.status, status::success);
    context.value("old_again", again.r(4) & entry::rc, entry::rc & ~bit);
}

void ignores(Context& context, std::uint64_t token, std::uint64_t bit) {
    // No flags are defined; those of the CMO option change nothing either.
    const auto slot = group(context);
    enter(context, flag::exact, slot, page());
    const auto answer = hcall(token, ~std::uint64_t{0}, slot);
    context.status("status", answer.status, status::success);
    context.value("old", answer.r(4) & entry::rc, entry::rc);
    context.value("d1", read(slot).d1 & ~entry::real_page, (page().d1 & ~entry::real_page) & ~bit);
}

void refuses(Context& context, std::uint64_t token) {
    context.status("invalid_slot", hcall(token, 0, group(context)).status, status::not_found);
    context.status("first_beyond", hcall(token, 0, slot_count(context)).status, status::parameter);
    context.status("all_ones", hcall(token, 0, ~std::uint64_t{0}).status, status::parameter);
}

void ref_clears(Context& context) { clears(context, call::clear_ref, entry::r); }
void mod_clears(Context& context) { clears(context, call::clear_mod, entry::c); }
void ref_ignores(Context& context) { ignores(context, call::clear_ref, entry::r); }
void mod_ignores(Context& context) { ignores(context, call::clear_mod, entry::c); }
void ref_refuses(Context& context) { refuses(context, call::clear_ref); }
void mod_refuses(Context& context) { refuses(context, call::clear_mod); }

constexpr std::array cases = {
    Case{"clear_ref.clears", &ref_clears, good(call::clear_ref)},
    Case{"clear_ref.ignores_flags", &ref_ignores, hostile(call::clear_ref)},
    Case{"clear_ref.refuses", &ref_refuses, boundary(call::clear_ref)},
    Case{"clear_mod.clears", &mod_clears, good(call::clear_mod)},
    Case{"clear_mod.ignores_flags", &mod_ignores, hostile(call::clear_mod)},
    Case{"clear_mod.refuses", &mod_refuses, boundary(call::clear_mod)},
};

} // namespace

std::span<const Case> clear_cases() { return cases; }

} // namespace conform

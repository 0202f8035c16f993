// SPDX-License-Identifier: Apache-2.0
// One processor stores through a translation and never leaves the partition by itself, another takes the translation away: when
// the call has returned, no store lands any more. LoPAR H_PROTECT, H_REMOVE: the tlbie sequences of ISA 3.0B Book III 5.10.
#include "access.hpp"
#include "together.hpp"

#include "../common/random.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x131);
constexpr unsigned page = 24;
constexpr std::uint64_t least = 20, most = 3000, enough_wrong = 10;

extern "C" void store_loop();
extern "C" void store_and_call_loop();

Shared wanted, ended, leave;
guest::Fault fault; // that ended the other's stores
void (*loop)();
std::uint64_t called; // token, for the loop that calls

std::uint64_t first_of(std::uint64_t round) { return round << 32; }

void store_each_round() {
    set_segment(segment, 1);
    for (std::uint64_t n = 1;; ++n) {
        if (!wait_until([&] { return wanted >= n || leave != 0; }) || leave != 0)
            break;
        fault = guest::guarded(loop, segment.address, first_of(n), called);
        ended = n;
    }
    forget_segments();
}

/// Takes the translation in `slot` away from stores. R and C of the entry, as the call or H_READ has them after it.
using TakeAway = std::uint64_t (*)(std::uint64_t slot);

/// Enters the page, lets some stores land, takes it away; whether what the page holds then is the last that was stored.
bool one_round(Context& context, std::uint64_t n, TakeAway take_away, std::uint64_t stores, bool& usage_kept) {
    real_store(scratch(page), 0);
    const auto entered = enter(context, 0, group_of(context, segment, segment.address),
                               make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch(page))));
    if (entered.status != status::success)
        return false;
    wanted = n;
    const bool stored = wait_until([&] { return real_load(scratch(page)) >= first_of(n) + stores; });
    const auto usage = take_away(entered.r(4));
    const auto held = real_load(scratch(page));
    const bool stopped = wait_until([&] { return ended >= n; });
    usage_kept = usage == entry::rc;
    remove(0, entered.r(4), 0);
    return stored && stopped && fault.vector == 0x300 && held + 1 == fault.r(12) && real_load(scratch(page)) == held;
}

void run(Context& context, TakeAway take_away, void (*how)(), std::uint64_t token = 0) {
    if (!offers_processors(context, 2))
        return;
    loop = how;
    called = token;
    wanted = ended = leave = 0;
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &store_each_round));
    guest::Random random(5);
    std::uint64_t done = 0, late = 0, usage_lost = 0;
    const Rounds rounds(context.machine(), least, most);
    for (; rounds.more(done) && late < enough_wrong; ++done) {
        bool usage_kept = false;
        late += !one_round(context, done + 1, take_away, random.below(token == 0 ? 2000 : 20), usage_kept);
        usage_lost += !usage_kept;
    }
    leave = 1;
    context.holds("ended", crew.finish());
    context.count("late", late, 0);
    context.count("usage_lost", usage_lost, 0);
    context.holds("enough", rounds.enough(done));
}

std::uint64_t by_remove(std::uint64_t slot) { return remove(0, slot, 0).r(5) & entry::rc; }

std::uint64_t by_protect(std::uint64_t slot) {
    hcall(call::protect, entry::pp_read_only, slot, 0);
    return read(slot).d1 & entry::rc;
}

// The specifier's R and C are where LoPAR has them; bulk_remove.answers_rc looks at QEMU's.
std::uint64_t by_bulk_remove(std::uint64_t slot) {
    constexpr std::uint64_t request = std::uint64_t{0x40} << 56, end = std::uint64_t{0xc0} << 56;
    return hcall(call::bulk_remove, request | slot, 0, end, 0, 0, 0, 0, 0).r(4) >> 51 & entry::rc;
}

std::uint64_t by_block_remove(std::uint64_t slot) {
    constexpr std::uint64_t request = std::uint64_t{0x40} << 56, end = std::uint64_t{0xc0} << 56;
    return hcall(call::block_remove, 0, request | slot, end, end, end, end, end, end, end).r(4) >> 50 & entry::rc;
}

void removed(Context& context) { run(context, &by_remove, &store_loop); }
void write_protected(Context& context) { run(context, &by_protect, &store_loop); }
void bulk_removed(Context& context) { run(context, &by_bulk_remove, &store_loop); }

void block_removed(Context& context) {
    if (!context.machine().tree->has_function_set("hcall-block-remove"))
        return context.skip("ibm,hypertas-functions has no hcall-block-remove");
    run(context, &by_block_remove, &store_loop);
}

/// Processors that are in and out of the hypervisor all the time, but never leave the partition.
void light_calls(Context& context) { run(context, &by_remove, &store_and_call_loop, call::ipoll); }
void refused_calls(Context& context) { run(context, &by_protect, &store_and_call_loop, 0x38); }

constexpr std::array cases = {
    Case{"litmus.removed", &removed, good(call::remove)},
    Case{"litmus.write_protected", &write_protected, good(call::protect)},
    Case{"litmus.bulk_removed", &bulk_removed, good(call::bulk_remove)},
    Case{"litmus.block_removed", &block_removed, good(call::block_remove)},
    Case{"litmus.light_calls", &light_calls, good(call::remove)},
    Case{"litmus.refused_calls", &refused_calls, good(call::protect)},
};

} // namespace

std::span<const Case> litmus_cases() { return cases; }

} // namespace conform

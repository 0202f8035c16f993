// SPDX-License-Identifier: Apache-2.0
// H_CONFER to a processor that holds something. LoPAR H_CONFER; LoPAR "Virtual Processor Area" for the dispatch counter.
#include "remote.hpp"
#include "shared_area.hpp"

namespace conform {

namespace {

Shared lock, leave, ceded;
std::uint64_t guarded_count;
constexpr std::uint64_t each = 300;

/// As a guest's spin lock does it: whoever holds it and is not running gets the rest of the turn.
bool acquire(std::uint64_t self) {
    for (std::uint64_t free = 0; !lock.compare_exchange_strong(free, self + 1); free = 0) {
        if (free != 0) {
            const auto holder = static_cast<unsigned>(free - 1);
            const auto counter = dispatch_counter(holder);
            if (counter % 2 != 0 && lock == free)
                guest::hcall(call::confer, holder, counter);
        }
        if (guest::out_of_time())
            return false;
    }
    return true;
}

void take_turns() {
    const auto self = guest::processor_number();
    for (std::uint64_t n = 0; n < each && acquire(self); ++n) {
        const auto before = guarded_count;
        pause(500);
        guarded_count = before + 1;
        lock.store(0, std::memory_order_release);
    }
}

/// All processors at one lock, whose holder is often not running.
void holder(Context& context) {
    if (!offers_areas(context) || !offers_processors(context, 2))
        return;
    const unsigned count = guest::processor_count(*context.machine().tree);
    lock = guarded_count = 0;
    for (unsigned n = 0; n < count; ++n)
        context.status("area", register_area(n), status::success);
    Crew crew(context.machine());
    bool started = true;
    for (unsigned n = 1; n < count; ++n)
        started = crew.start(n, &take_turns) && started;
    take_turns();
    context.holds("started", started);
    context.holds("ended", crew.finish());
    context.holds("none_lost", guarded_count == count * each);
    for (unsigned n = 0; n < count; ++n)
        forget_area(n);
}

void cede_until_leave() {
    while (leave == 0 && !guest::out_of_time()) {
        ceded = 1;
        guest::hcall(call::cede);
    }
    quiet();
}

/// Nothing but r3 changes, and it comes back, whatever the target does.
void expect_return(Context& context, std::string_view label, std::uint64_t target, std::uint64_t counter) {
    const auto answer = hcall(call::confer, target, counter, 0x66);
    context.status(label, answer.status, status::success);
    context.holds("kept", answer.r(4) == target && answer.r(5) == counter && answer.r(6) == 0x66);
}

void by_counter(Context& context) {
    if (!offers_areas(context) || !offers_processors(context, 2))
        return;
    leave = ceded = 0;
    expect_return(context, "stopped", 1, 0);
    context.status("area", register_area(1), status::success);
    expect_return(context, "stopped_current", 1, dispatch_counter(1));
    {
        Crew crew(context.machine());
        context.holds("started", crew.start(1, &cede_until_leave));
        context.holds("waits", wait_giving_way([] { return ceded != 0 && dispatch_counter(1) % 2 != 0; }));
        const auto counter = dispatch_counter(1);
        expect_return(context, "stale", 1, counter - 2);
        expect_return(context, "even", 1, counter + 1);
        expect_return(context, "current", 1, counter);
        expect_return(context, "all", ~std::uint64_t{0}, counter);
        leave = 1;
        context.holds("ended", crew.finish(true));
    }
    context.status("forgotten", forget_area(1), status::success);
}

constexpr std::array cases = {
    Case{"confer.holder", &holder},
    Case{"confer.by_counter", &by_counter, good(call::confer)},
};

} // namespace

std::span<const Case> confer_cases() { return cases; }

} // namespace conform

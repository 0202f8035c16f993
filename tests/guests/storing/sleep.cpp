// SPDX-License-Identifier: Apache-2.0
#include "sleep.hpp"

#include "contest.hpp"

#include "../common/hypercall.hpp"
#include "../common/spr.hpp"

namespace storing {

namespace {

using namespace guest;

constexpr std::uint64_t short_sleep = 256'000, late = 512'000'000; // ticks: 0.5 ms, 1 s

std::atomic<bool> waits_for_prod = false;
std::atomic<std::uint64_t> prodded_at = 0;
Reservation reservation;

/// H_CEDE returns when the processor is prodded or has taken an interrupt.
void cede() { hcall(call::cede); }

} // namespace

void sleep_a_moment(std::uint64_t n) {
    Tally::count(tally().sleeps);
    const std::uint64_t before = asynchronous.decrementers;
    if (n % 2 == 0) {
        // The decrementer, four seconds away, would hide that a prod is lost.
        set_decrementer(decrementer_idle);
        reservation.make();
        waits_for_prod = true;
        do
            cede();
        while (waits_for_prod);
        reservation.try_store();
        if (asynchronous.decrementers != before && timebase() - prodded_at > late)
            expect("lost prod", n, timebase(), prodded_at);
        return;
    }
    asynchronous.decrementer_reload = decrementer_idle;
    set_decrementer(short_sleep);
    while (asynchronous.decrementers == before)
        cede();
}

void wake_who_sleeps() {
    if (!waits_for_prod)
        return;
    prodded_at = timebase();
    reservation.break_it();
    waits_for_prod = false;
    hcall(call::prod, 1);
}

void watch_sleeper(std::uint64_t frequency) {
    constexpr std::uint64_t patience = 20; // seconds
    static std::uint64_t seen = 0, seen_at = timebase();
    static bool said = false;
    const std::uint64_t now = tallies[1].steps;
    if (now != seen) {
        seen = now;
        seen_at = timebase();
        said = false;
    } else if (timebase() - seen_at > patience * frequency && !said) {
        said = true;
        expect("processor 1 stands still", now, 0, 1);
    }
}

} // namespace storing

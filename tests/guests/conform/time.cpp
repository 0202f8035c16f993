// SPDX-License-Identifier: Apache-2.0
// The time base and the decrementer. ISA 2.07 Book III-S 7.
#include "case.hpp"

#include "../common/spr.hpp"

namespace conform {

namespace {

using guest::allow_interrupts;
using guest::asynchronous;
using guest::set_decrementer;
using guest::timebase;

/// Waits until `count` decrementers have been taken, a second at most.
bool wait_for_decrementers(const guest::Machine& machine, std::uint64_t count) {
    const auto begin = timebase();
    while (asynchronous.decrementers < count)
        if (timebase() - begin > machine.timebase_frequency)
            return false;
    return true;
}

void quiet() {
    allow_interrupts(false);
    asynchronous.decrementer_reload = guest::decrementer_idle;
    set_decrementer(guest::decrementer_idle);
}

void never_back(Context& context) {
    bool forward = true, moves = false;
    auto last = timebase();
    for (int i = 0; i < 20000; ++i) {
        const auto now = timebase();
        forward = forward && now >= last;
        moves = moves || now > last;
        last = now;
    }
    context.holds("never_back", forward);
    context.holds("moves", moves);
}

void never_back_across_calls(Context& context) {
    bool forward = true;
    auto last = timebase();
    for (int i = 0; i < 1000; ++i) {
        hcall(call::read, 0, 0);
        const auto now = timebase();
        forward = forward && now > last;
        last = now;
    }
    context.holds("forward", forward);
}

void counts_down(Context& context) {
    constexpr std::uint64_t full = 1'000'000'000;
    const auto before_set = timebase();
    set_decrementer(full);
    const auto after_set = timebase();
    while (timebase() - after_set < context.machine().timebase_frequency / 20) {}
    const auto before_read = timebase();
    const auto counted = full - guest::read_spr<guest::spr::decrementer>();
    const auto after_read = timebase();
    quiet();
    // Each time the hypervisor takes the processor away the decrementer may fall a little behind; it never runs ahead.
    context.holds("not_too_slow", counted >= (before_read - after_set) / 2);
    context.holds("not_too_fast", counted <= after_read - before_set + 2);
}

void arrives(Context& context) {
    asynchronous.decrementers = 0;
    const auto begin = timebase();
    set_decrementer(200'000);
    allow_interrupts(true);
    const bool came = wait_for_decrementers(context.machine(), 1);
    quiet();
    context.holds("came", came);
    context.holds("not_early", asynchronous.last_decrementer_at - begin >= 199'998);
}

void ten_in_a_row(Context& context) {
    asynchronous.decrementers = 0;
    asynchronous.decrementer_reload = 50'000;
    const auto begin = timebase();
    set_decrementer(50'000);
    allow_interrupts(true);
    const bool came = wait_for_decrementers(context.machine(), 10);
    quiet();
    context.holds("ten_came", came);
    context.holds("not_early", asynchronous.last_decrementer_at - begin >= 10 * 49'998);
}

void held_back_while_disabled(Context& context) {
    asynchronous.decrementers = 0;
    set_decrementer(1000);
    const auto begin = timebase();
    while (timebase() - begin < 100'000) {}
    context.value("while_disabled", asynchronous.decrementers, 0);
    allow_interrupts(true);
    const bool came = wait_for_decrementers(context.machine(), 1);
    quiet();
    context.holds("came", came);
    context.value("once", asynchronous.decrementers, 1);
}

void taken_back(Context& context) {
    // ISA 2.07: the interrupt exists as long as the decrementer is negative; a positive value takes it back.
    asynchronous.decrementers = 0;
    set_decrementer(1000);
    const auto begin = timebase();
    while (timebase() - begin < 100'000) {}
    set_decrementer(guest::decrementer_idle);
    allow_interrupts(true);
    const auto enabled = timebase();
    while (timebase() - enabled < 100'000) {}
    quiet();
    context.value("taken", asynchronous.decrementers, 0);
}

void state_in_srr1(Context& context) {
    asynchronous.decrementers = 0;
    set_decrementer(20'000);
    allow_interrupts(true);
    wait_for_decrementers(context.machine(), 1);
    quiet();
    using namespace guest::msr;
    context.value("srr1", asynchronous.last_srr1 & (sf | ee | pr | ir | dr | le), sf | ee | le);
}

constexpr std::array cases = {
    Case{"time.never_back", &never_back},
    Case{"time.never_back_across_calls", &never_back_across_calls},
    Case{"decrementer.counts_down", &counts_down},
    Case{"decrementer.arrives", &arrives},
    Case{"decrementer.ten_in_a_row", &ten_in_a_row},
    Case{"decrementer.held_back_while_disabled", &held_back_while_disabled},
    Case{"decrementer.taken_back", &taken_back},
    Case{"decrementer.state_in_srr1", &state_in_srr1},
};

} // namespace

std::span<const Case> time_cases() { return cases; }

} // namespace conform

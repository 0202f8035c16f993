// SPDX-License-Identifier: Apache-2.0
// H_JOIN by several, and H_SIGNAL_SYS_RESET to others. LoPAR "Thread Join Option"; the reset as Linux calls it.
#include "together.hpp"

namespace conform {

namespace {

using guest::asynchronous;
using guest::processor_number;

Shared arrived, continued, woken, early, refused, leave;
Shared last; // round, when the first one has found that it is enough
Rounds rounds;
std::array<Shared, guest::max_processors> resets;
unsigned members;

/// All of them at once: the last one is told to go on and prods the others.
void join_and_prod() {
    for (std::uint64_t n = 1;; ++n) {
        if (processor_number() == 0 && !rounds.more(n - 1))
            last = n - 1;
        ++arrived;
        wait_giving_way([&] { return arrived >= n * members || last < n; });
        if (last < n || guest::out_of_time())
            break;
        const auto answer = guest::hcall(call::join);
        if (answer.status == status::continue_) {
            ++continued;
            woken = n;
            for (unsigned other = 0; other < members; ++other)
                if (other != processor_number())
                    guest::hcall(call::prod, other);
        } else {
            refused += answer.status != status::success;
            early += woken < n;
        }
    }
    if (guest::out_of_time())
        guest::hcall(call::prod, 0); // that it does not wait for us
}

void race(Context& context) {
    if (!context.machine().tree->has_function_set("hcall-join"))
        return context.skip("ibm,hypertas-functions has no hcall-join");
    if (!offers_processors(context, 2))
        return;
    members = guest::processor_count(*context.machine().tree);
    arrived = continued = woken = early = refused = 0;
    last = ~std::uint64_t{0};
    rounds = {context.machine(), 10, 500};
    forget_prod();
    Crew crew(context.machine());
    bool started = true;
    for (unsigned n = 1; n < members; ++n)
        started = crew.start(n, &join_and_prod) && started;
    if (started)
        join_and_prod();
    context.holds("started", started);
    context.holds("ended", crew.finish(true));
    context.holds("enough", rounds.enough(last));
    context.holds("one_went_on", continued == last);
    context.count("early", early, 0);
    context.count("refused", refused, 0);
}

void count_reset() { ++resets[processor_number()]; }

void begin_resets() {
    arrived = leave = 0;
    for (auto& one : resets)
        one = 0;
    guest::accept_resets(true);
    asynchronous.on_reset = &count_reset;
}

void end_resets() {
    guest::accept_resets(false);
    asynchronous.on_reset = nullptr;
}

/// Interrupts are off, and it calls nothing.
void spin() {
    asynchronous.on_reset = &count_reset;
    ++arrived;
    wait_until([] { return leave != 0; });
}

void one_with_interrupts_off(Context& context) {
    if (!offers_processors(context, 2))
        return;
    begin_resets();
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &spin) && wait_giving_way([] { return arrived == 1; }));
    rounds = {context.machine(), 10, 100};
    std::uint64_t n = 0;
    bool arrives = true;
    for (; rounds.more(n) && arrives; ++n)
        arrives = hcall(call::signal_sys_reset, 1).status == status::success &&
                  wait_until([&] { return resets[1] >= n + 1; });
    pause(200'000);
    context.holds("enough", rounds.enough(n));
    context.holds("each_once", resets[1] == n);
    context.count("own", resets[0], 0);
    leave = 1;
    context.holds("ended", crew.finish());
    end_resets();
}

template <std::uint64_t token> void wait_in() {
    asynchronous.on_reset = &count_reset;
    ++arrived;
    while (leave == 0 && !guest::out_of_time()) {
        guest::set_decrementer(guest::decrementer_idle);
        guest::hcall(token);
        guest::allow_interrupts(false);
    }
}

/// One spins, one has joined, one has ceded: all but the caller take it; then all.
void all_others(Context& context) {
    if (!offers_processors(context, 4))
        return;
    begin_resets();
    Crew crew(context.machine());
    const bool started =
        crew.start(1, &spin) && crew.start(2, &wait_in<call::join>) && crew.start(3, &wait_in<call::cede>);
    context.holds("started", started && wait_giving_way([] { return arrived == 3; }));
    pause(2'000'000); // to be waiting by then
    const auto until = guest::timebase() + surely_woken(context.machine());
    const auto all_have = [&](std::uint64_t n) {
        return wait_giving_way(
            [&] { return (resets[1] >= n && resets[2] >= n && resets[3] >= n) || guest::timebase() >= until; });
    };
    context.status("others", hcall(call::signal_sys_reset, ~std::uint64_t{1}).status, status::success);
    all_have(1);
    pause(200'000);
    context.holds("each_once", resets[0] == 0 && resets[1] == 1 && resets[2] == 1 && resets[3] == 1);
    context.status("all", hcall(call::signal_sys_reset, ~std::uint64_t{0}).status, status::success);
    all_have(2);
    pause(200'000);
    context.holds("each_again", resets[0] == 1 && resets[1] == 2 && resets[2] == 2 && resets[3] == 2);
    leave = 1;
    context.holds("ended", crew.finish(true));
    end_resets();
}

constexpr std::array cases = {
    Case{"join.race", &race},
    Case{"reset.one_with_interrupts_off", &one_with_interrupts_off, good(call::signal_sys_reset)},
    Case{"reset.all_others", &all_others, good(call::signal_sys_reset)},
};

} // namespace

std::span<const Case> join_cases() { return cases; }

} // namespace conform

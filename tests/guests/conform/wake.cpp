// SPDX-License-Identifier: Apache-2.0
// A processor that waits and one that wakes it, in every order. LoPAR H_CEDE, H_CONFER, H_PROD: no wake-up is lost.
#include "together.hpp"

#include "../common/random.hpp"

namespace conform {

namespace {

using guest::asynchronous;
using guest::Random;
using guest::set_decrementer;

constexpr std::uint64_t enough_lost = 1;  // each of them costs `limit`
constexpr std::uint64_t longest = 20'000; // ticks that somebody dawdles, so that the two meet in either order

Shared asked, answered, leave, lost, early;
Rounds rounds;
std::uint64_t limit;

void begin(Context& context, std::uint64_t most) {
    asked = answered = leave = lost = early = 0;
    rounds = {context.machine(), 20, most};
    limit = surely_woken(context.machine());
}

void report(Context& context, Crew& crew) {
    leave = 1;
    context.holds("ended", crew.finish(true));
    context.count("lost", lost, 0);
    context.holds("enough", rounds.enough(answered));
}

bool over() { return leave != 0 || lost >= enough_lost || guest::out_of_time(); }

/// H_CEDE that something else has to end than the decrementer. Interrupts are off after it.
void cede() {
    const auto before = asynchronous.decrementers;
    set_decrementer(limit);
    guest::hcall(call::cede);
    guest::allow_interrupts(false);
    lost += asynchronous.decrementers != before;
}

void cede_and_answer() {
    for (std::uint64_t n = 1;; ++n) {
        while (asked < n)
            if (over())
                return;
            else
                cede();
        answered = n;
        guest::hcall(call::prod, 0);
    }
}

/// Both wait by ceding, each until the other has done its part.
void ping_pong(Context& context) {
    if (!offers_processors(context, 2))
        return;
    begin(context, 10'000);
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &cede_and_answer));
    for (std::uint64_t n = 1; rounds.more(n - 1) && !over(); ++n) {
        asked = n;
        hcall(call::prod, 1);
        while (answered < n && !over())
            cede();
    }
    report(context, crew);
    forget_prod();
}

void cede_when_prodded() {
    for (std::uint64_t n = 1; !over(); ++n) {
        wait_until([&] { return asked >= n || leave != 0; });
        if (leave != 0)
            return;
        pause(1'000);
        cede();
        answered = n;
    }
}

/// The mark of a prod stays while its target runs, however it may be interrupted meanwhile.
void before_cede(Context& context) {
    if (!offers_processors(context, 2))
        return;
    begin(context, 200);
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &cede_when_prodded));
    for (std::uint64_t n = 1; rounds.more(n - 1) && !over(); ++n) {
        hcall(call::prod, 1);
        asked = n;
        wait_until([&] { return answered >= n || lost >= enough_lost; });
    }
    report(context, crew);
}

void cede_once_each() {
    Random random(1);
    for (std::uint64_t n = 1; !over(); ++n) {
        wait_until([&] { return asked >= n || leave != 0; });
        if (leave != 0)
            return;
        pause(random.below(longest));
        cede();
        answered = n;
    }
}

void at_any_time(Context& context) {
    if (!offers_processors(context, 2))
        return;
    begin(context, 2000);
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &cede_once_each));
    Random random(2);
    for (std::uint64_t n = 1; rounds.more(n - 1) && !over(); ++n) {
        asked = n;
        pause(random.below(longest));
        hcall(call::prod, 1);
        wait_until([&] { return answered >= n || lost >= enough_lost; });
    }
    report(context, crew);
}

/// Interrupts are off, so that the decrementer, which is past zero, does not end it.
void confer_once_each() {
    Random random(3);
    for (std::uint64_t n = 1; !over(); ++n) {
        wait_until([&] { return asked >= n || leave != 0; });
        if (leave != 0)
            break;
        pause(random.below(longest));
        set_decrementer(1);
        guest::hcall(call::confer, 1, 0);
        early += asked < n + 1 && leave == 0;
        answered = n;
    }
    quiet();
}

/// H_CONFER to oneself lasts until a prod. `asked` says n + 1 just before the prod of round n.
void confer_to_itself(Context& context) {
    if (!offers_processors(context, 2))
        return;
    begin(context, 1000);
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &confer_once_each));
    Random random(4);
    asked = 1;
    for (std::uint64_t n = 1; rounds.more(n - 1) && !over(); ++n) {
        pause(random.below(longest));
        asked = n + 1;
        hcall(call::prod, 1);
        const auto since = guest::timebase();
        const auto is_lost = [&] { return guest::timebase() - since > limit; };
        wait_until([&] { return answered >= n || is_lost(); });
        lost += answered < n;
    }
    report(context, crew);
    context.count("early", early, 0);
}

constexpr std::array cases = {
    Case{"wake.ping_pong", &ping_pong, good(call::prod)},
    Case{"wake.before_cede", &before_cede, good(call::prod)},
    Case{"wake.at_any_time", &at_any_time, good(call::prod)},
    Case{"wake.confer_to_itself", &confer_to_itself, good(call::prod)},
};

} // namespace

std::span<const Case> wake_cases() { return cases; }

} // namespace conform

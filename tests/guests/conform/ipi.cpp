// SPDX-License-Identifier: Apache-2.0
// Interrupts from one processor to another. LoPAR "Virtualizing Partition Interrupts"; none is lost, none comes twice.
#include "remote.hpp"

namespace conform {

namespace {

using guest::allow_interrupts;
using guest::asynchronous;
using guest::processor_number;

constexpr std::uint64_t ipi_source = 2, open = 0xff, no_request = 0xff, priority = 4;
constexpr std::uint64_t least = 10, most = 1000;

std::array<Shared, guest::max_processors> taken, sent, seen;
Shared nothing_there, ready, leave, late_wakes, last_came;
Rounds rounds;

/// Takes what there is. `seen` follows `sent` of everybody, after the request has been withdrawn: who asks from then on
/// makes a new one.
void accept() {
    const auto xirr = guest::hcall(call::xirr).r(4) & 0xffff'ffff;
    if ((xirr & 0xff'ffff) != ipi_source) {
        ++nothing_there;
        return;
    }
    guest::hcall(call::ipi, processor_number(), no_request);
    for (unsigned n = 0; n < guest::max_processors; ++n)
        seen[n] = sent[n].load();
    ++taken[processor_number()];
    guest::hcall(call::eoi, xirr);
}

/// The first processor says when it is enough.
void accept_and_answer() {
    accept();
    if (processor_number() == 1 || rounds.more(taken[0]))
        guest::hcall(call::ipi, 1 - processor_number(), priority);
    else
        last_came = 1;
}

void open_controller(void (*handler)()) {
    quiet();
    guest::hcall(call::ipi, processor_number(), no_request);
    guest::hcall(call::cppr, open);
    asynchronous.on_external = handler;
}

void close_controller() {
    quiet();
    guest::hcall(call::ipi, processor_number(), no_request);
    guest::hcall(call::cppr, 0);
    asynchronous.on_external = nullptr;
}

void start(Context& context, Crew& crew, void (*work)()) {
    for (unsigned n = 0; n < guest::max_processors; ++n)
        taken[n] = sent[n] = seen[n] = 0;
    nothing_there = ready = leave = late_wakes = last_came = 0;
    context.holds("started", crew.start(1, work) && wait_until([] { return ready != 0; }));
}

void finish(Context& context, Crew& crew) {
    leave = 1;
    context.holds("ended", crew.finish());
    context.count("nothing_there", nothing_there, 0);
}

void take_with_interrupts_on() {
    open_controller(&accept);
    allow_interrupts(true);
    ready = 1;
    wait_until([] { return leave != 0; });
    close_controller();
}

/// So many to processor 1, each after the one before has been taken.
void send_all(Context& context) {
    rounds = {context.machine(), least, most};
    std::uint64_t n = 0;
    bool arrives = true;
    for (; rounds.more(n) && arrives; ++n)
        arrives =
            hcall(call::ipi, 1, priority).status == status::success && wait_until([&] { return taken[1] >= n + 1; });
    pause(200'000); // for what should not come
    context.holds("enough", rounds.enough(n));
    context.holds("each_once", taken[1] == n);
}

void to_another(Context& context) {
    if (!offers_processors(context, 2))
        return;
    Crew crew(context.machine());
    start(context, crew, &take_with_interrupts_on);
    send_all(context);
    finish(context, crew);
}

void answer_with_interrupts_on() {
    open_controller(&accept_and_answer);
    allow_interrupts(true);
    ready = 1;
    wait_until([] { return leave != 0; });
    close_controller();
}

void both_ways(Context& context) {
    if (!offers_processors(context, 2))
        return;
    Crew crew(context.machine());
    start(context, crew, &answer_with_interrupts_on);
    rounds = {context.machine(), least, most};
    open_controller(&accept_and_answer);
    allow_interrupts(true);
    hcall(call::ipi, 1, priority);
    wait_until([] { return last_came != 0; });
    pause(200'000);
    close_controller();
    context.holds("enough", rounds.enough(taken[0]));
    context.holds("there_and_back", taken[1] == taken[0]);
    finish(context, crew);
}

std::uint64_t wake_limit;

void take_ceded() {
    open_controller(&accept);
    ready = 1;
    while (leave == 0 && !guest::out_of_time()) {
        guest::set_decrementer(wake_limit);
        guest::hcall(call::cede);
    }
    late_wakes = asynchronous.decrementers;
    close_controller();
}

void to_ceded(Context& context) {
    if (!offers_processors(context, 2))
        return;
    wake_limit = surely_woken(context.machine());
    Crew crew(context.machine());
    start(context, crew, &take_ceded);
    send_all(context);
    leave = 1;
    hcall(call::ipi, 1, priority);
    finish(context, crew);
    context.count("late_wakes", late_wakes, 0);
}

std::uint64_t early;

void take_when_let_in() {
    open_controller(&accept);
    early = 0;
    ready = 1;
    for (std::uint64_t n = 1; wait_until([&] { return sent[0] >= n || leave != 0; }) && leave == 0; ++n) {
        pause(5'000);
        early += taken[1] >= n;
        allow_interrupts(true);
        wait_until([&] { return taken[1] >= n; });
        pause(1'000);
        allow_interrupts(false);
        sent[1] = n;
    }
    close_controller();
}

void with_interrupts_off(Context& context) {
    if (!offers_processors(context, 2))
        return;
    Crew crew(context.machine());
    start(context, crew, &take_when_let_in);
    rounds = {context.machine(), 10, 200};
    bool pending = true, ended = true;
    std::uint64_t n = 0;
    while (rounds.more(n) && pending && ended) {
        hcall(call::ipi, 1, priority);
        const auto answer = hcall(call::ipoll, 1);
        pending = (answer.r(4) & 0xffff'ffff) == (open << 24 | ipi_source) && (answer.r(5) & 0xff) == priority;
        sent[0] = ++n;
        ended = wait_until([&] { return sent[1] >= n; });
    }
    context.holds("pending", pending);
    context.count("early", early, 0);
    context.holds("enough", rounds.enough(n));
    context.holds("each_once", taken[1] == n);
    finish(context, crew);
}

/// The CPPR and MFRR of another processor decide, as they do on one's own.
void most_favoured(Context& context) {
    if (!offers_processors(context, 2))
        return;
    Remote other(context, 1);
    const auto poll = [&](std::string_view label, std::uint64_t expected, std::uint64_t mfrr) {
        const auto answer = hcall(call::ipoll, 1);
        context.value(label, answer.r(4) & 0xffff'ffff, expected);
        context.value("mfrr", answer.r(5) & 0xff, mfrr);
    };
    const auto accepted = [&] { return other.hcall(call::xirr).r(4) & 0xffff'ffff; };
    hcall(call::ipi, 1, no_request);
    other.hcall(call::cppr, 5);
    hcall(call::ipi, 1, 6);
    poll("less_favoured", 0x0500'0000, 6);
    hcall(call::ipi, 1, 4);
    poll("more_favoured", 0x0500'0002, 4);
    context.value("accepted", accepted(), 0x0500'0002);
    poll("equal_to_accepted", 0x0400'0000, 4);
    hcall(call::ipi, 1, 3);
    poll("above_accepted", 0x0400'0002, 3);
    context.value("accepted_above", accepted(), 0x0400'0002);
    hcall(call::ipi, 1, no_request);
    other.hcall(call::eoi, 0x0400'0002);
    other.hcall(call::eoi, 0x0500'0002);
    context.value("at_the_end", accepted(), 0x0500'0000);
    other.hcall(call::cppr, 0);
}

void send_to_first() {
    const unsigned self = processor_number();
    for (std::uint64_t n = 1; rounds.more(n - 1); ++n) {
        sent[self] = n;
        guest::hcall(call::ipi, 0, priority);
        if (!wait_giving_way([&] { return seen[self] >= n; }))
            return;
    }
}

/// Requests of several may be one interrupt, but nobody's goes unseen.
void all_to_one(Context& context) {
    if (!offers_processors(context, 3))
        return;
    const unsigned others = guest::processor_count(*context.machine().tree) - 1;
    Crew crew(context.machine());
    for (unsigned n = 0; n < guest::max_processors; ++n)
        taken[n] = sent[n] = seen[n] = 0;
    nothing_there = 0;
    rounds = {context.machine(), 10, 200};
    open_controller(&accept);
    bool started = true;
    for (unsigned n = 1; n <= others; ++n)
        started = crew.start(n, &send_to_first) && started;
    allow_interrupts(true);
    const bool ended = crew.finish();
    close_controller();
    bool enough = true, all_seen = true;
    std::uint64_t asked = 0;
    for (unsigned n = 1; n <= others; ++n) {
        enough = enough && rounds.enough(sent[n]);
        all_seen = all_seen && seen[n] == sent[n];
        asked += sent[n];
    }
    context.holds("started", started);
    context.holds("ended", ended);
    context.holds("enough", enough);
    context.holds("all_seen", all_seen);
    context.holds("no_more_than_asked", taken[0] <= asked);
}

constexpr std::array cases = {
    Case{"ipi.to_another", &to_another, good(call::ipi)},
    Case{"ipi.both_ways", &both_ways, good(call::ipi)},
    Case{"ipi.to_ceded", &to_ceded, good(call::ipi)},
    Case{"ipi.with_interrupts_off", &with_interrupts_off, good(call::ipi, call::ipoll)},
    Case{"ipi.most_favoured", &most_favoured, good(call::ipoll, call::ipi, call::cppr, call::xirr, call::eoi)},
    Case{"ipi.all_to_one", &all_to_one},
};

} // namespace

std::span<const Case> ipi_cases() { return cases; }

} // namespace conform

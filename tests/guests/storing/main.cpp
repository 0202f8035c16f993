// SPDX-License-Identifier: Apache-2.0
// A partition that stores to all its memory all the time and makes page-table calls at full speed, and knows what has to come of it: in every
// line of memory, in every entry, and in every entry's R and C. It is moved from machine to machine and must not find anything.
#include "costs.hpp"
#include "sleep.hpp"
#include "worker.hpp"

#include "../common/command.hpp"
#include "../common/processors.hpp"
#include "../common/spr.hpp"

namespace storing {
namespace {

constexpr std::uint64_t ticks_per_second = 100, report_every = 10;

alignas(block_bytes) std::array<std::array<std::byte, Worker::ring_bytes>, processors> ring_memory;
alignas(block_bytes) std::array<std::array<std::byte, Worker::slot_bytes>, processors> slot_memory;
alignas(page_bytes) std::array<std::byte, page_bytes> duel_memory;
std::array<Worker, processors> workers;
alignas(page_bytes) std::array<std::byte, page_bytes> contest_memory;
Duel duel;
Contest contest;

std::uint64_t address(const auto& memory) { return reinterpret_cast<std::uint64_t>(memory.data()); }

/// Processor 1: mostly calls, and sleep in between.
[[noreturn]] void work_and_sleep() {
    workers[1].start();
    guest::allow_interrupts(true);
    for (std::uint64_t n = 1;; ++n) {
        workers[1].step();
        if (n % 16 == 0)
            sleep_a_moment(n / 16);
    }
}

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

void say_tick(std::int64_t n) {
    guest::Line line;
    line << "tick " << n << " " << number(guest::timebase());
    guest::print(line);
}

/// "costs FROM TO".
void obey() {
    const auto line = guest::take_line();
    if (!line)
        return;
    const auto command = guest::Command::parse(*line);
    if (command && command->word == "costs" && command->count == 2)
        say_costs(command->values[0], command->values[1]);
    else
        guest::print("storing: the command is costs FROM TO");
}

void report() {
    guest::Line line;
    line << "storing: ok lines=" << number(total(&Tally::lines))
         << " wrong_lines=" << number(total(&Tally::wrong_lines)) << " calls=" << number(total(&Tally::calls))
         << " looks=" << number(total(&Tally::looks)) << " rc_mismatches=" << number(total(&Tally::wrong_usage))
         << " wrong_others=" << number(total(&Tally::wrong_others)) << " sleeps=" << number(total(&Tally::sleeps))
         << " additions=" << number(total(&Tally::additions)) << " steps=" << number(tallies[0].steps) << ","
         << number(tallies[1].steps) << " rounds=" << number(workers[0].rounds()) << "," << number(workers[1].rounds());
    guest::print(line);
}

} // namespace
} // namespace storing

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) {
    Line line;
    line << "storing: BAD ";
    describe(line, frame);
    print(line);
    bail_out("storing cannot go on");
}

void guest_main(const Machine& machine) {
    using namespace storing;
    if (processor_count(*machine.tree) != storing::processors)
        bail_out("storing wants two virtual processors");
    const std::uint64_t begin = address(ring_memory[0]), end = begin + sizeof ring_memory;
    if (end > machine.memory)
        bail_out("storing wants more memory");
    print("storing: start");
    map_memory(machine, begin, end);
    duel.begin(machine, address(duel_memory));
    contest.begin(address(contest_memory));
    workers[0].begin(
        machine, address(ring_memory[0]), address(slot_memory[0]), 1, 8, duel,
        [](Duel& with, std::uint64_t) { with.store(); }, contest);
    workers[1].begin(
        machine, address(ring_memory[1]), address(slot_memory[1]), 2, 64, duel,
        [](Duel& with, std::uint64_t choice) { with.clear(choice); }, contest);
    if (machine.tree->text("/chosen", "bootargs") == "forget-a-store") {
        workers[1].forget_a_store();
        contest.forget_an_addition();
    }
    if (start_processor(*machine.tree, 1, [] { work_and_sleep(); }) != 0)
        bail_out("the second processor does not start");
    workers[0].start();
    const auto period = machine.timebase_frequency / ticks_per_second;
    asynchronous.decrementer_reload = period / 4;
    set_decrementer(period / 4);
    allow_interrupts(true);
    auto due = timebase();
    auto last = due;
    for (std::int64_t n = 1;; ++n) {
        due += period;
        if (due < timebase()) // stopped for a while: no burst of ticks to catch up
            due = timebase() + period;
        do {
            workers[0].step();
            wake_who_sleeps();
        } while (timebase() < due);
        const auto now = timebase();
        if (now < last)
            expect("timebase", 0, now, last);
        last = now;
        say_tick(n);
        watch_sleeper(machine.timebase_frequency);
        obey();
        if (static_cast<std::uint64_t>(n) % report_every == 0)
            report();
    }
}

} // namespace guest

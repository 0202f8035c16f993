// SPDX-License-Identifier: Apache-2.0
// What hypervisor calls cost, in instructions and in ticks of the time base. docs/bench.md says how it is counted and what the
// lines mean.
#include "calls.hpp"

#include "../common/spr.hpp"

#include <algorithm>

namespace {

using bench::Loop;
using bench::Operation;

constexpr std::size_t rounds = 15, warm_up_rounds = 1;
constexpr std::uint64_t turns = 100; // of a loop in one round

std::string_view running;

/// One round: a loop less the same loop without its calls.
struct Cost {
    std::int64_t instructions = 0, ticks = 0;
    bool as_expected = false;
};

/// Never less than nothing: there are hypervisors that do not keep the counters, and hosts that do not keep pace.
std::int64_t difference(std::uint64_t with, std::uint64_t without) {
    return with > without ? static_cast<std::int64_t>(with - without) : 0;
}

Cost run_round(const Operation& operation) {
    Loop with{.iterations = turns, .steps = operation.calls}, without = with;
    switch (operation.steps) {
    case 1:
        bench::call_once(&with);
        bench::skip_once(&without);
        break;
    case 2:
        bench::call_twice(&with);
        bench::skip_twice(&without);
        break;
    default:
        bench::call_five_times(&with);
        bench::skip_five_times(&without);
        break;
    }
    return {.instructions = difference(with.instructions, without.instructions),
            .ticks = difference(with.ticks, without.ticks),
            .as_expected = with.unexpected == 0};
}

std::int64_t median(std::array<std::int64_t, rounds>& values) {
    std::ranges::sort(values);
    return values[rounds / 2];
}

void measure(const Operation& operation) {
    std::array<std::int64_t, rounds> instructions, ticks;
    guest::Line line;
    for (std::size_t i = 0; i < rounds + warm_up_rounds; ++i) {
        const Cost cost = run_round(operation);
        if (!cost.as_expected) {
            line << "skip " << operation.name << " another status than expected";
            guest::print(line);
            return;
        }
        instructions[i % rounds] = cost.instructions;
        ticks[i % rounds] = cost.ticks;
    }
    line << "call " << operation.name << " count=" << static_cast<std::int64_t>(turns * operation.operations)
         << " instructions=" << median(instructions) << " ticks=" << median(ticks);
    guest::print(line);
}

/// MMCR0, MMCR2: nothing frozen, in no state of the processor, and no interrupt when a counter overflows. Power ISA 2.07
/// Book III-S 9.4.4.
void start_counters() {
    constexpr unsigned mmcr0 = 795, mmcr2 = 785;
    guest::write_spr<mmcr2>(0);
    guest::write_spr<mmcr0>(0);
}

} // namespace

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) { bail_out(frame, running); }

void guest_main(const Machine& machine) {
    print("# guest bench 1");
    Line line;
    line << "# machine ";
    describe(line, machine);
    line << " frequency=" << static_cast<std::int64_t>(machine.timebase_frequency);
    print(line);
    running = "the start";
    start_counters();
    std::int64_t measured = 0;
    for (const Operation& operation : bench::make_operations(machine)) {
        running = operation.name;
        measure(operation);
        ++measured;
    }
    line.clear();
    line << "# end operations=" << measured;
    print(line);
}

} // namespace guest

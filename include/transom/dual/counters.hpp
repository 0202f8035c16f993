// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace transom::dual {

/// How a processor goes back to T1: it has met a fault in T2, or it comes in.
enum class SwitchWay : std::uint8_t { by_fault, on_entry };

/// What something took of a processor.
struct Cost {
    std::uint64_t instructions = 0; // as the machine counts them
    std::uint64_t ticks = 0;        // of the time base
};

/// Of one migration. Only code that runs with two tables counts.
struct Counters {
    using Count = std::atomic<std::uint64_t>;

    Count faults{0};           // in T2
    Count fault_ticks{0};      // of the time base, from the look at one to the answer
    Count fills{0};            // entries made in T2
    Count upgrades{0};         // entries that got their first store
    Count reflected{0};        // faults that were the partition's own
    Count missing{0};          // faults for a page that is not here
    Count flushes{0};          // waits for the TLBs by fills and the sweep,
    Count tlbies{0};           // and the translations that those ended
    Count dropped_by_calls{0}; // entries, while T2 was in use
    Count drained_by_calls{0}; // the same since the processors left T2
    Count drained_by_sweep{0};
    Count folded{0};        // entries whose R and C the sweep took while T2 was in use
    Count rc_merged{0};     // C that T1 did not have
    Count deferred{0};      // slots that the sweep found locked
    Count intervals{0};     // of the sweep
    Count lazy_switches{0}; // processors that left T2 by a fault
    Count mismatches{0};    // entries of T2 without theirs in T1: there are none
    // Entries of T1 that lack what T2's had, looked at after it was brought over: there are none.
    Count rc_mismatches{0};
    Count switches{0}; // processors that took T1 again: by a fault in T2, or on their way in
    // What one of those was held for at most: instructions, and ticks.
    Count longest_fault_halt{0}, longest_entry_halt{0}, longest_halt_ticks{0};

    static void count(Count& counter, std::uint64_t by = 1) { counter.fetch_add(by, std::memory_order_relaxed); }

    /// A processor has taken T1 again, and was held for so long.
    void count_switch(SwitchWay way, Cost held) {
        count(switches);
        keep_longest(way == SwitchWay::by_fault ? longest_fault_halt : longest_entry_halt, held.instructions);
        keep_longest(longest_halt_ticks, held.ticks);
    }

    void reset() {
        for (Count* each : {&faults,
                            &fault_ticks,
                            &fills,
                            &upgrades,
                            &reflected,
                            &missing,
                            &flushes,
                            &tlbies,
                            &dropped_by_calls,
                            &drained_by_calls,
                            &drained_by_sweep,
                            &folded,
                            &rc_merged,
                            &deferred,
                            &intervals,
                            &lazy_switches,
                            &mismatches,
                            &rc_mismatches,
                            &switches,
                            &longest_fault_halt,
                            &longest_entry_halt,
                            &longest_halt_ticks})
            each->store(0, std::memory_order_relaxed);
    }

  private:
    static void keep_longest(Count& longest, std::uint64_t value) {
        std::uint64_t was = longest.load(std::memory_order_relaxed);
        while (was < value && !longest.compare_exchange_weak(was, value, std::memory_order_relaxed)) {}
    }
};

} // namespace transom::dual

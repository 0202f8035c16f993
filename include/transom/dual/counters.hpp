// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace transom::dual {

/// Of one migration. Only code that runs with two tables counts.
struct Counters {
    using Count = std::atomic<std::uint64_t>;

    Count faults{0};           // in T2
    Count fills{0};            // entries made in T2
    Count upgrades{0};         // entries that got their first store
    Count reflected{0};        // faults that were the partition's own
    Count missing{0};          // faults for a page that is not here
    Count flushes{0};          // waits for the TLBs by fills and the sweep
    Count dropped_by_calls{0}; // entries, while T2 was in use
    Count drained_by_calls{0}; // the same since the processors left T2
    Count drained_by_sweep{0};
    Count folded{0};        // entries whose R and C the sweep took while T2 was in use
    Count rc_merged{0};     // C that T1 did not have
    Count deferred{0};      // slots that the sweep found locked
    Count intervals{0};     // of the sweep
    Count lazy_switches{0}; // processors that left T2 by a fault
    Count mismatches{0};    // entries of T2 without theirs in T1: there are none

    static void count(Count& counter, std::uint64_t by = 1) { counter.fetch_add(by, std::memory_order_relaxed); }

    void reset() {
        for (Count* each :
             {&faults, &fills, &upgrades, &reflected, &missing, &flushes, &dropped_by_calls, &drained_by_calls,
              &drained_by_sweep, &folded, &rc_merged, &deferred, &intervals, &lazy_switches, &mismatches})
            each->store(0, std::memory_order_relaxed);
    }
};

} // namespace transom::dual

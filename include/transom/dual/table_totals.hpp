// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/counters.hpp>

namespace transom::dual {

/// Of all second page tables that this machine has had and has no more.
struct TableTotals {
    std::uint64_t drained = 0;     ///< that emptied themselves into the first ones
    std::uint64_t ended = 0;       ///< that went with the partition: it runs elsewhere, or has ended
    std::uint64_t faults = 0;      ///< in them; of those so many were the partition's own
    std::uint64_t fault_ticks = 0; ///< what they took together
    std::uint64_t reflected = 0;
    std::uint64_t missing = 0; ///< for a page that had not come yet
    std::uint64_t fills = 0;
    std::uint64_t live_at_switch = 0;
    std::uint64_t drained_by_calls = 0;
    std::uint64_t drained_by_sweep = 0;
    std::uint64_t mismatches = 0;    ///< entries that the first table did not have: there are none
    std::uint64_t rc_mismatches = 0; ///< entries that lacked R or C after they had been put together: there are none
    std::uint64_t switches = 0;      ///< processors that went back to the first table
    /// Of the table that was drained last: instructions and ticks that a processor was held for at most, and ticks of the drain.
    std::uint64_t last_fault_halt = 0, last_entry_halt = 0, last_halt_ticks = 0, last_drain_ticks = 0;

    /// One more is gone: its counters, how many entries it had when the last processor had left it, and how long it took since then.
    void add_drained(const Counters& counters, std::uint64_t live, std::uint64_t ticks) {
        ++drained;
        live_at_switch += live;
        last_fault_halt = counters.longest_fault_halt;
        last_entry_halt = counters.longest_entry_halt;
        last_halt_ticks = counters.longest_halt_ticks;
        last_drain_ticks = ticks;
        add(counters);
    }
    void add_ended(const Counters& counters) {
        ++ended;
        add(counters);
    }

  private:
    void add(const Counters& counters) {
        faults += counters.faults;
        fault_ticks += counters.fault_ticks;
        reflected += counters.reflected;
        missing += counters.missing;
        fills += counters.fills;
        drained_by_calls += counters.drained_by_calls;
        drained_by_sweep += counters.drained_by_sweep;
        mismatches += counters.mismatches;
        rc_mismatches += counters.rc_mismatches;
        switches += counters.switches;
    }
};

} // namespace transom::dual

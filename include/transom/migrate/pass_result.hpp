// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/migrate/write_curve.hpp>

namespace transom::migrate {

/// No move has more.
constexpr unsigned most_passes = 30;

/// What following who stores to what has taken: of the second page table, since the partition's processors were sent there.
struct TrackingCosts {
    std::uint64_t evicted = 0; // its entries that lost the right to store, so that their pages could be sent
    std::uint64_t tlbies =
        0;           // translations that had to be ended in all processors; the partition's own calls do not count
    Ticks ticks = 0; // of sweeps of that table, which evict; faults in it are counted in dual::Counters
};

/// What one pass was. Rates in pages a second.
struct PassResult {
    unsigned pass = 0;
    Ticks time = 0;
    std::uint64_t sent = 0;
    std::uint64_t zero = 0;   // of those, as pages of zeros
    std::uint64_t resent = 0; // of those, not for the first time
    std::uint64_t left = 0;
    std::uint64_t hot = 0;        // of what is left: pages that are stored to so often that they are sent at the end
    std::uint64_t table = 0;      // what the stop takes for the page table, in pages that take as long
    TrackingCosts costs{};        // of this pass
    std::uint64_t bandwidth = 0;  // of pages in full, while there was something to send
    std::uint64_t dirty_rate = 0; // different pages stored to
    std::uint64_t predicted_left = 0; // after the next pass, if there is one
    Ticks predicted_stop =
        0;               // if it is stopped now, for the pages and of the page table what is left; 0: nothing is known
    unsigned outrun = 0; // passes up to this one, without a gap, in which it stored to pages faster than limited
};

} // namespace transom::migrate

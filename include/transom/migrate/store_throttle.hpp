// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <transom/migrate/write_curve.hpp>
#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// Slows those virtual processors of a partition down that store to more pages than can be sent, and no others: StoreToll. What each
/// does unhindered is measured in the passes before.
class StoreThrottle {
  public:
    /// In a second, so that a virtual processor is there for its interrupts: nobody is held for longer than between two of them.
    static constexpr unsigned least_turns = 20;

    void begin(Ticks frequency);
    void begin_pass(const partition::Partition& partition, Ticks now);
    void end_pass(const partition::Partition& partition, Ticks now);
    /// From now on those who store are given the right to in so many hundredths fewer than they would. 1 to 99. How many they are.
    unsigned slow(partition::Partition& partition, unsigned percent) const;
    /// Nobody is slowed any more; safe to say at any time.
    static void end(partition::Partition& partition);

  private:
    struct Measured {
        std::uint64_t before = 0; // rights to store, when the pass began
        std::uint64_t got = 0;    // in the last pass
        Ticks apart = 0;          // while it was not slowed; 0: not known
    };

    Ticks frequency_ = 0, began_ = 0;
    std::array<Measured, partition::max_vcpus> measured_{};
};

} // namespace transom::migrate

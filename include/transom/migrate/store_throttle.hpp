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
    /// In a second, so that a virtual processor is there for its interrupts: nobody is held at once for longer than between two of them.
    static constexpr unsigned least_turns = 20;

    void begin(Ticks frequency);
    void begin_pass(const partition::Partition& partition, Ticks now);
    void end_pass(const partition::Partition& partition, Ticks now);
    /// A page costs no more than what makes those who are slowed store, together, to this part of what can be sent: less helps nobody.
    static constexpr unsigned least_part = 4;

    /// From now on those who store are given the right to in so many hundredths fewer pages than they would. 1 to 99. `bandwidth`: pages that can
    /// be sent in a second; 0: not known. How many they are.
    unsigned slow(partition::Partition& partition, unsigned percent, std::uint64_t bandwidth) const;
    /// Nobody is slowed any more; safe to say at any time.
    static void end(partition::Partition& partition);

  private:
    struct Measured {
        std::uint64_t before = 0; // pages that it might store to, when the pass began
        std::uint64_t got = 0;    // in the last pass
        Ticks apart = 0;          // while it was not slowed; 0: not known
    };

    Ticks frequency_ = 0, began_ = 0;
    std::array<Measured, partition::max_vcpus> measured_{};
};

} // namespace transom::migrate

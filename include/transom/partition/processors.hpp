// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/processors.hpp>
#include <atomic>
#include <bit>
#include <cstdint>

namespace transom::partition {

/// Which of the processors that run partitions sleep, for those that have something for one of them to do.
class Sleepers {
  public:
    /// The calling processor is about to sleep: from now on wake_one() may choose it. It looks once more whether there is
    /// anything to do, and then sleeps.
    void add_self() { asleep_.fetch_or(self()); }
    void remove_self() { asleep_.fetch_and(~self()); }

    /// Wakes one, if one sleeps.
    void wake_one() {
        std::uint64_t asleep = asleep_.load();
        while (asleep != 0) {
            const std::uint64_t first = asleep & -asleep;
            if (asleep_.compare_exchange_weak(asleep, asleep & ~first)) {
                arch::kick(static_cast<std::uint32_t>(std::countr_zero(first)));
                return;
            }
        }
    }

  private:
    static std::uint64_t self() { return std::uint64_t{1} << arch::processor_index(); }

    std::atomic<std::uint64_t> asleep_ = 0; // a bit for each processor
};

} // namespace transom::partition

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
    /// It does not sleep, or no more. False: somebody had chosen it meanwhile.
    bool remove_self() { return (asleep_.fetch_and(~self()) & self()) != 0; }

    /// Wakes another one, if one sleeps; the boot processor last, which has its tasks to do first.
    void wake_one() {
        for (std::uint64_t asleep = others_asleep(); asleep != 0; asleep = others_asleep()) {
            const auto last = static_cast<std::uint32_t>(std::bit_width(asleep) - 1);
            const std::uint64_t bit = std::uint64_t{1} << last;
            if ((asleep_.fetch_and(~bit) & bit) != 0) {
                arch::kick(last);
                return;
            }
        }
    }

    /// There is something for the hypervisor's own tasks to do: the boot processor wakes, or does not fall asleep before they have
    /// run.
    void wake_for_tasks() {
        tasks_wanted_ = true;
        if ((asleep_.fetch_and(~boot_processor) & boot_processor) != 0)
            arch::kick(0);
    }
    /// The tasks run now.
    void begin_tasks() { tasks_wanted_ = false; }
    bool tasks_wanted() const { return tasks_wanted_; }

  private:
    static constexpr std::uint64_t boot_processor = 1;
    static std::uint64_t self() { return std::uint64_t{1} << arch::processor_index(); }
    std::uint64_t others_asleep() const { return asleep_.load() & ~self(); }

    std::atomic<std::uint64_t> asleep_ = 0; // a bit for each processor
    std::atomic<bool> tasks_wanted_ = false;
};

} // namespace transom::partition

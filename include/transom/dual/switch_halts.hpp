// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <transom/dual/counters.hpp>

namespace transom::dual {

/// What each virtual processor was held for that took T1 again: the last few of a machine, one by one. The counters of a table have the longest
/// only, and a median needs all of them. Processors note at once; who reads looks when the table is drained, so that nobody does.
class SwitchHalts {
  public:
    static constexpr std::size_t kept = 16;
    struct Halt {
        SwitchWay way{};
        Cost held;
    };

    void note(SwitchWay way, Cost held) {
        Slot& slot = slots_[count_.fetch_add(1, std::memory_order_relaxed) % kept];
        slot.way.store(way, std::memory_order_relaxed);
        slot.instructions.store(held.instructions, std::memory_order_relaxed);
        slot.ticks.store(held.ticks, std::memory_order_relaxed);
    }
    /// Since the machine was started.
    std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
    /// How many are kept.
    std::size_t size() const { return static_cast<std::size_t>(std::min<std::uint64_t>(count(), kept)); }
    /// Of those that are kept, from the oldest on.
    Halt operator[](std::size_t index) const {
        const Slot& slot = slots_[(count() - size() + index) % kept];
        return {slot.way.load(std::memory_order_relaxed),
                {slot.instructions.load(std::memory_order_relaxed), slot.ticks.load(std::memory_order_relaxed)}};
    }

  private:
    struct Slot {
        std::atomic<SwitchWay> way{};
        std::atomic<std::uint64_t> instructions{0}, ticks{0};
    };
    std::array<Slot, kept> slots_{};
    std::atomic<std::uint64_t> count_{0};
};

} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <transom/dual/phase.hpp>

namespace transom::dual {

enum class Transition : std::uint8_t {
    begins,        // calls go to both tables, processors walk T1
    phase,         // another phase begins
    all_on_second, // the first time that all are on T2, in dual
    abandoned,     // ended by force: the partition runs elsewhere, is off or is reset
};

/// One of them, as it was in that moment.
struct TracePoint {
    Transition what = Transition::begins;
    Phase phase = Phase::normal; // that it is in then; which was abandoned
    std::uint64_t at = 0;        // time base of the machine
    std::uint64_t cursor = 0;    // the group of T2 where the sweep goes on
    std::uint64_t live = 0;      // entries of T2
    std::uint64_t faults = 0, fills = 0, drained_by_calls = 0, drained_by_sweep = 0; // as in Counters, so far
};

/// Those that nobody has taken yet, in their order. One adds and takes at a time.
class Transitions {
  public:
    /// More than a second page table has in its life. Where they are not taken, the first ones go.
    static constexpr std::size_t capacity = 16;

    void add(const TracePoint& point) {
        points_[added_ % capacity] = point;
        ++added_;
        waiting_.store(true, std::memory_order_release);
    }
    /// Whether there are any, for whoever looks often: at any moment.
    bool waiting() const { return waiting_.load(std::memory_order_acquire); }
    std::optional<TracePoint> take() {
        if (added_ - taken_ > capacity)
            taken_ = added_ - capacity;
        if (taken_ == added_) {
            waiting_.store(false, std::memory_order_relaxed);
            return {};
        }
        return points_[taken_++ % capacity];
    }

  private:
    std::array<TracePoint, capacity> points_{};
    std::uint64_t added_ = 0, taken_ = 0;
    std::atomic<bool> waiting_ = false;
};

} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace transom::partition {

/// What a virtual processor pays, in time, for each right to store to a page that it is given while its partition's pages are tracked.
/// It pays for the last one before it gets the next, so each pass of a move takes no more than it does anyway, and who does not store
/// pays nothing. All times are ticks of the machine's time base.
class StoreToll {
  public:
    // Who moves the partition:

    /// What each one costs from now on. 0: nothing; who is held goes on.
    void set(std::uint64_t ticks) { each_.store(ticks, std::memory_order_relaxed); }
    std::uint64_t each() const { return each_.load(std::memory_order_relaxed); }
    /// Rights to store that it was given, ever.
    std::uint64_t grants() const { return grants_.load(std::memory_order_relaxed); }

    // Its own processor, at a fault:

    void granted() {
        grants_.store(grants() + 1, std::memory_order_relaxed);
        owes_ = true;
    }
    /// Before it is given one. True: it pays first, outside, and comes again.
    bool pay(std::uint64_t now) {
        const std::uint64_t due = each();
        if (due == 0 || !owes_)
            return false;
        owes_ = false;
        until_.store(now + due, std::memory_order_relaxed);
        held_.store(true, std::memory_order_release);
        return true;
    }

    // Who shares the processors:

    bool held(std::uint64_t now) {
        if (!is_held()) [[likely]]
            return false;
        if (each() != 0 && static_cast<std::int64_t>(until() - now) > 0)
            return true;
        held_.store(false, std::memory_order_relaxed);
        return false;
    }
    bool is_held() const { return held_.load(std::memory_order_acquire); }
    std::uint64_t until() const { return until_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> each_{0}, grants_{0}, until_{0};
    std::atomic<bool> held_{false};
    bool owes_ = false; // of its own processor
};

} // namespace transom::partition

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace transom::partition {

/// What a virtual processor pays, in time, for each page that it is given the right to store to while its partition's pages are tracked: a large
/// page is as many as are to be sent again for it. It pays for what it has before it gets more, so each pass of a move takes no more than it
/// does anyway, and who does not store pays nothing. What is much it pays in instalments, and has a turn after each of them. All
/// times are ticks of the machine's time base.
class StoreToll {
  public:
    // Who moves the partition:

    /// What each page costs from now on, and how long it is held at once at most. 0: nothing; who is held goes on.
    void set(std::uint64_t ticks, std::uint64_t at_once = ~std::uint64_t{0}) {
        at_once_.store(at_once, std::memory_order_relaxed);
        each_.store(ticks, std::memory_order_relaxed);
    }
    std::uint64_t each() const { return each_.load(std::memory_order_relaxed); }
    /// Pages to which it was given the right to store, ever.
    std::uint64_t pages() const { return pages_.load(std::memory_order_relaxed); }

    // Its own processor, at a fault:

    void granted(std::uint64_t pages) {
        pages_.store(this->pages() + pages, std::memory_order_relaxed);
        debt_ += pages * each();
    }
    /// Before it is given more. True: it pays first, outside, and comes again.
    bool pay(std::uint64_t now) {
        if (each() == 0)
            debt_ = 0;
        if (debt_ == 0)
            return false;
        const std::uint64_t part = std::min(debt_, at_once_.load(std::memory_order_relaxed));
        debt_ -= part;
        until_.store(now + part, std::memory_order_relaxed);
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
    std::atomic<std::uint64_t> each_{0}, at_once_{0}, pages_{0}, until_{0};
    std::atomic<bool> held_{false};
    std::uint64_t debt_ = 0; // ticks; of its own processor
};

} // namespace transom::partition

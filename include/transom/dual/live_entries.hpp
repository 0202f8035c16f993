// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace transom::dual {

/// How many entries of T2 are valid or being dropped, and whether the drain has begun: in one word, so that each that goes is either
/// one of those that the drain has found, or went before.
class LiveEntries {
  public:
    void reset() { word_.store(0, std::memory_order_relaxed); }
    void add() { word_.fetch_add(1, std::memory_order_acq_rel); }
    /// Whether it is one of those that begin_drain() counted.
    bool remove() { return (word_.fetch_sub(1, std::memory_order_acq_rel) & draining) != 0; }
    std::uint64_t begin_drain() { return word_.fetch_or(draining, std::memory_order_acq_rel); }
    std::uint64_t count() const { return word_.load(std::memory_order_acquire) & ~draining; }

  private:
    static constexpr std::uint64_t draining = std::uint64_t{1} << 63;
    std::atomic<std::uint64_t> word_{0};
};

} // namespace transom::dual

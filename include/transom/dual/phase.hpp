// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <transom/base/panic.hpp>

namespace transom::dual {

/// How far a partition is with its second page table.
enum class Phase : std::uint8_t {
    normal,    // there is only T1, or T2 is being prepared
    dual,      // processors walk T2, which is filled on faults
    switching, // T2 gets nothing new; processors go back to T1, each by itself
    drain,     // nobody walks T2; what R and C it has goes to T1
    release,   // T2 is empty, and somebody may still look into it
};
constexpr std::size_t phase_count = 5;

constexpr Phase next(Phase phase) {
    constexpr std::array after = {Phase::dual, Phase::switching, Phase::drain, Phase::release, Phase::normal};
    return after[static_cast<std::size_t>(phase) % after.size()];
}
/// The one way through a migration; abandoning it is another.
constexpr bool follows(Phase to, Phase from) { return next(from) == to; }

/// The phase of a partition, which everybody reads and one moves on.
class PhaseWord {
  public:
    Phase now() const { return phase_.load(std::memory_order_acquire); }

    /// Seen by whoever says afterwards that he walks T2: he looks again.
    void move(Phase to) {
        invariant(follows(to, now()), "a phase of a migration follows that it must not follow");
        phase_.store(to, std::memory_order_seq_cst);
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    /// Nobody is inside the partition.
    void abandon() { phase_.store(Phase::normal, std::memory_order_seq_cst); }

  private:
    std::atomic<Phase> phase_ = Phase::normal;
};

} // namespace transom::dual

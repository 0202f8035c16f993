// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <transom/base/spin_lock.hpp>
#include <transom/hcall/counters.hpp>

namespace transom::hcall {

/// How long calls took, in ticks of the time base: bucket n counts those of 2^(n-1) to 2^n - 1, bucket 0 those of none,
/// the last one all that took longer.
struct Latency {
    static constexpr std::size_t buckets = 16;
    std::array<std::uint64_t, buckets> counts{};
    std::uint64_t ticks = 0; // of all of them together

    constexpr std::uint64_t count() const { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }
    constexpr void add(std::uint64_t took) {
        const auto bucket = static_cast<std::size_t>(std::bit_width(took));
        ++counts[bucket < buckets ? bucket : buckets - 1];
        ticks += took;
    }
};

/// One call as a trace shows it.
struct TraceEntry {
    std::uint64_t timebase = 0; // the machine's, when the call had been made
    std::uint64_t token = 0;
    std::array<std::uint64_t, 4> inputs{}; // r4 to r7
    std::int64_t status = 0;
    std::uint32_t vcpu = 0;
};

/// What is kept of each call, and of each other exit that does not leave the partition's translation context, while
/// somebody watches a partition: it costs time, so it is off otherwise.
class Observation {
  public:
    static constexpr std::size_t trace_size = 256;

    bool on() const { return on_.load(std::memory_order_relaxed); }
    /// Starts anew, with nothing kept.
    void start();
    void stop() { on_ = false; }

    /// `row` is an index of hcall::rows(), or unknown_row.
    void record(std::size_t row, std::uint64_t ticks, const TraceEntry& entry);
    void record_other_exit(std::uint64_t ticks);

    Latency latency(std::size_t row) const;
    /// Faults and assists.
    Latency other_exits() const;
    /// How many calls have been recorded since start(), and the n-th of them, counted from 0; nothing where it is kept no longer.
    std::uint64_t recorded() const;
    std::optional<TraceEntry> entry(std::uint64_t n) const;

  private:
    std::atomic<bool> on_ = false;
    mutable SpinLock lock_; // of all that follows
    std::array<Latency, row_limit> latency_{};
    Latency other_exits_;
    std::array<TraceEntry, trace_size> trace_{};
    std::uint64_t recorded_ = 0;
};

} // namespace transom::hcall

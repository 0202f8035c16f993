// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace transom::migrate {

/// What TBU40 can set: offsets of the time base are multiples of this.
constexpr std::uint64_t offset_step = std::uint64_t{1} << 24;

/// How far the target's time base is ahead of the source's, from round trips. Arithmetic is modulo 2^64, as time bases are.
struct ClockDifference {
    std::uint64_t ticks = 0; // target - source
    std::uint64_t error = 0; // the true difference is within ticks +- error
};

/// One round trip: sent at `asked`, answered at `answered` by the other clock, back at `back`.
constexpr ClockDifference difference_of(std::uint64_t asked, std::uint64_t answered, std::uint64_t back) {
    const std::uint64_t trip = back - asked;
    return {answered - (asked + trip / 2), (trip + 1) / 2};
}

/// The best of several round trips: the one with the least error.
class ClockEstimate {
  public:
    constexpr void add(ClockDifference sample) {
        if (!best_ || sample.error < best_->error)
            best_ = sample;
    }
    constexpr std::optional<ClockDifference> best() const { return best_; }

  private:
    std::optional<ClockDifference> best_;
};

/// The offset that makes partition time go on at the target: that of the source, carried over, rounded up to offset_step,
/// and raised until partition time at `now` (the target's time base) is not before `not_before` (partition time).
constexpr std::uint64_t offset_at_target(std::uint64_t source_offset, std::uint64_t difference, std::uint64_t now,
                                         std::uint64_t not_before) {
    std::uint64_t offset = (source_offset - difference + offset_step - 1) & ~(offset_step - 1);
    const auto behind = static_cast<std::int64_t>(not_before - (now + offset));
    if (behind > 0)
        offset += (static_cast<std::uint64_t>(behind) + offset_step - 1) & ~(offset_step - 1);
    return offset;
}

} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <transom/affinity/allocation.hpp>
#include <transom/affinity/score.hpp>

namespace transom::affinity {

/// What a plan is to make great: the system's score, in units that are exact, less what moving costs. A partition that asked counts more.
class Valuation {
  public:
    static Bytes room_for(std::size_t nodes, std::size_t partitions);
    /// `current`: where everybody is; it may not change while this lives.
    Valuation(const Metric& metric, const Allocation& current, std::span<std::byte> room);

    using Value = std::int64_t;
    /// Of one partition at a place. One that asked and would lose by it has it worth very little.
    Value of(std::size_t partition, const Place& place) const;
    /// Nobody who asked loses, and the system no more than most_lost (R77), or nothing where nobody asked.
    bool is_permitted(const Allocation& allocation) const;
    static constexpr std::int64_t most_lost = 1'000'000; // millionths of a point
    /// Its part of the system's score, without costs: the sum over partitions is weight_sum() times the system's score in millionths.
    Value points(std::size_t partition, const Place& place) const;
    static constexpr Value weight_sum() { return Value{1} << 30; }
    Score score(std::size_t partition, const Place& place) const;
    /// What is still to be had for it, from 0: how far it is from the best, by its weight.
    Value loss(std::size_t partition, const Place& place) const;

    const Yardstick& yardstick(std::size_t partition) const { return yardsticks_[partition]; }
    Value weight(std::size_t partition) const { return weights_[partition]; } // in parts of weight_sum()
    const Metric& metric() const { return *metric_; }
    const Allocation& current() const { return *current_; }
    /// All memory moved once costs so many millionths of a point of the system's score: of two ways to the same score the shorter one is taken,
    /// and nothing moves for less.
    static constexpr std::int64_t cost_of_all = 50'000;
    /// A partition that asked counts so many times.
    static constexpr std::int64_t emphasis = 4;

  private:
    Value cost(std::size_t partition, const Place& place) const;

    const Metric* metric_;
    const Allocation* current_;
    std::span<Yardstick> yardsticks_;
    std::span<Value> weights_; // in parts of weight_sum()
    std::span<Score> present_;
    Value block_cost_ = 0; // of moving a block
};

} // namespace transom::affinity

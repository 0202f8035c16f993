// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>
#include <span>
#include <transom/affinity/refusal.hpp>
#include <transom/affinity/search.hpp>
#include <transom/affinity/steps.hpp>

namespace transom::affinity {

/// A reallocation that may be made.
struct Plan {
    std::span<const Step> steps; // none: everything stays as it is
    Score before, after;         // of the system
    std::uint64_t copies = 0;    // blocks
};

/// From where partitions are to where they had better be. It changes nothing; the same allocation gives the same plan.
class Planner {
  public:
    /// Takes some 10 ms on a host, up to 16 nodes with 256 partitions; more than that take longer, as each is looked at a few times.
    static constexpr std::uint64_t usual_work(std::size_t nodes, std::size_t partitions) {
        return std::max<std::uint64_t>(320'000 / std::max<std::size_t>(nodes, 1), 3 * nodes * partitions);
    }

    static Bytes room_for(std::size_t nodes, std::size_t partitions);
    /// `current` lives as long and does not change; `work`: as of Search; `room`: room_for bytes at a multiple of 8.
    Planner(const Metric& metric, const Allocation& current, std::uint64_t work, std::span<std::byte> room);

    /// Looks on, for about so much work. False: it is at its end. What plan() gives gets better by it and never worse.
    bool improve(std::uint64_t work) { return search_.improve(work); }
    /// The best so far. `steps`: where they go; where there are more the plan ends early.
    Plan plan(std::span<Step> steps);

    const Valuation& valuation() const { return valuation_; }
    Score current(std::size_t partition) const;
    /// What it will have after the last plan, if nobody else changes anything.
    Score potential(std::size_t partition) const;
    /// Where everybody is after it.
    const Allocation& reached() const { return maker_.reached(); }
    /// What a partition would have at a place of its own choice: the score that it would have there (R68), or why it cannot be.
    std::expected<Score, Refusal> potential(std::size_t partition, const Place& proposal) const;

  private:
    Score system(const Allocation& allocation) const;

    Valuation valuation_;
    Search search_;
    StepMaker maker_;
};

} // namespace transom::affinity

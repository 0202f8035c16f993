// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/affinity/planner.hpp>
#include <transom/partition/roster.hpp>
#include <transom/relocate/census.hpp>

namespace transom::relocate {

/// A plan for the partitions that a machine has, with the memory that making it takes. They are not to come, go or move meanwhile: whoever
/// makes them do it ends the plan.
class MachinePlan {
  public:
    explicit MachinePlan(memory::Frames& frames) : frames_(frames) {}
    MachinePlan(const MachinePlan&) = delete;
    MachinePlan& operator=(const MachinePlan&) = delete;

    /// `asks(partition)`: whether it is made for this one; for all where it is made for none. `stays(partition)`: whether it is to stay where
    /// it is. False: no memory for it.
    template <class Asks, class Stays>
    [[nodiscard]] bool begin(partition::Roster& roster, const affinity::Topology& topology, Asks asks, Stays stays) {
        if (!take(roster.size(), topology))
            return false;
        roster.for_each([&](partition::Partition& partition) {
            add(partition, {.size = size_of(partition), .stays = stays(partition), .asked = asks(partition)});
        });
        count_capacities(nodes_, roster, topology, frames_);
        start(topology);
        return true;
    }
    bool under_way() const { return planner_.has_value(); }
    /// Looks on for about so many ticks of the time base. False: it is at its end.
    bool improve(std::uint64_t ticks);
    /// The best so far. It stays until end().
    affinity::Plan make() { return planner_->plan(steps_); }
    void end();

    std::size_t count() const { return count_; }
    partition::Partition& partition(std::size_t index) const { return *partitions_[index]; }
    const affinity::Planner& planner() const { return *planner_; }

  private:
    bool take(std::size_t partitions, const affinity::Topology& topology);
    void add(partition::Partition& partition, const affinity::Partition& as_planned);
    void start(const affinity::Topology& topology);

    memory::Frames& frames_;
    RealRange memory_{};
    affinity::Nodes nodes_;
    std::size_t count_ = 0;
    std::span<partition::Partition*> partitions_;
    std::span<affinity::Partition> as_planned_;
    std::span<affinity::Step> steps_;
    std::span<std::byte> rest_; // of memory_
    std::optional<affinity::Allocation> current_;
    std::optional<affinity::Planner> planner_;
};

} // namespace transom::relocate

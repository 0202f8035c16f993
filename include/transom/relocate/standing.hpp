// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <transom/affinity/score_report.hpp>
#include <transom/partition/roster.hpp>
#include <transom/relocate/census.hpp>

namespace transom::relocate {

/// The scores that partitions have where they are.
class Standing {
  public:
    /// All of them outlive it.
    Standing(partition::Roster& roster, const memory::Frames& frames, const affinity::Topology& topology)
        : roster_(roster), frames_(frames), topology_(topology) {}

    /// Looks what partitions have and what is free: what follows is of that moment. Nobody comes or goes meanwhile.
    void look();
    const affinity::Nodes& nodes() const { return nodes_; }
    /// Until the next call of it or of score().
    affinity::Place place(const partition::Partition& partition) { return place_of(partition, topology_, on_); }
    std::optional<affinity::Score> score(const affinity::Metric& metric, const partition::Partition& partition);
    affinity::ScoreReport report(const affinity::Metric& metric, const partition::Partition& partition);
    /// The mean of all, by one formula.
    std::optional<affinity::Score> system(const affinity::Metric& metric);
    /// Blocks of a node that nobody has.
    std::uint32_t free(affinity::NodeIndex node) const { return free_blocks(topology_, frames_, node); }
    /// Partition number `index` of the machine, counted from 0; null behind the last one.
    const partition::Partition* partition(std::size_t index);

  private:
    partition::Roster& roster_;
    const memory::Frames& frames_;
    const affinity::Topology& topology_;
    affinity::Nodes nodes_;
    std::array<affinity::Amounts, affinity::max_nodes> on_{};
};

} // namespace transom::relocate

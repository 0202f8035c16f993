// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <transom/affinity/amounts.hpp>
#include <transom/affinity/topology.hpp>
#include <transom/memory/frames.hpp>
#include <transom/partition/create.hpp>
#include <transom/partition/roster.hpp>

// What partitions have on the nodes of a machine, as scores and plans want to know it. Processing is in hundredths of a processor.

namespace transom::relocate {

/// The node of that memory; the first one where the machine does not say.
affinity::NodeIndex node_of(const affinity::Topology& topology, RealAddr address);

affinity::Size size_of(const partition::Partition& partition);
/// The same of one that is to be built.
affinity::Size size_of(const partition::Shape& shape);

/// What it has on each node, into as many of `on` as there are nodes.
affinity::Place place_of(const partition::Partition& partition, const affinity::Topology& topology,
                         std::span<affinity::Amounts> on);

/// Blocks that nobody has on a node.
std::uint32_t free_blocks(const affinity::Topology& topology, const memory::Frames& frames, affinity::NodeIndex node);

/// The nodes, with what each has for partitions: what they have there, page tables in whole blocks, and what nobody has.
void count_capacities(affinity::Nodes& nodes, partition::Roster& roster, const affinity::Topology& topology,
                      const memory::Frames& frames);

} // namespace transom::relocate

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/affinity/valuation.hpp>
#include <vector>

namespace transom::affinity {

/// What is told apart. What is not is taken as the best that it could be, so less detail means more points than there are.
enum class Detail { processors, nodes, page_tables, everything };

/// How a partition may lie, but for how its memory is spread: then its score is linear in the blocks on each node.
struct Way {
    std::size_t partition = 0;
    std::vector<std::uint32_t> processing; // by node
    unsigned nodes = 0;                    // on which it may have memory, or has processors: a bit for each
    std::optional<NodeIndex> table;
    std::vector<double> block_points; // by node: of the system's score, for each block there
    double most = 0;                  // of the system's score, if it had the machine for itself
};

/// All ways of a partition. Its best score is `weight` of the system's 100 points.
void add_ways(const Valuation& valuation, Detail detail, std::size_t partition, double weight, std::vector<Way>& list);

} // namespace transom::affinity

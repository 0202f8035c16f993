// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace transom::tool {

/// How long it takes to score and to plan for systems of one size.
struct AffinityTimes {
    std::size_t nodes = 0, partitions = 0;
    double score_us = 0;                     // all partitions' scores, the median
    double plan_ms = 0, longest_plan_ms = 0; // with the steps; the median, and the longest
    double before = 0, after = 0;            // the system's score, mean
};
AffinityTimes measure_affinity_times(std::size_t nodes, std::size_t partitions, unsigned systems, std::uint64_t seed);

/// How good plans are for small systems, beside the optimum and simpler ways to plan.
struct AffinityQuality {
    unsigned systems = 0, within = 0, beyond = 0, undecided = 0; // of 1 % of the optimum
    unsigned worsened_protected = 0;                             // partitions
    unsigned illegal = 0;                                        // steps after which somebody was where he may not be
    double before = 0, first_fit = 0, greedy = 0, plan = 0;      // the system's score, mean
    double steps = 0, copies = 0, greedy_copies = 0, first_fit_copies = 0; // of a system, mean; copies in blocks
    std::vector<std::uint64_t> beyond_seeds = {}, undecided_seeds = {};

    double share_within() const { return within + beyond != 0 ? static_cast<double>(within) / (within + beyond) : 0; }
    std::vector<std::string> complaints() const;
};

/// `progress(share)` is called after each system.
AffinityQuality measure_affinity_quality(unsigned systems, std::uint64_t seed,
                                         const std::function<void(double)>& progress);

} // namespace transom::tool

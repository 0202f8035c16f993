// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/affinity/score.hpp>
#include <transom/base/static_vector.hpp>

namespace transom::affinity {

/// An answer to "what is the score of this place": all that it was reckoned from is in it, and nothing of any other partition.
struct ScoreReport {
    struct Input {
        NodeIndex node = 0;
        Amounts amounts;

        bool operator==(const Input&) const = default;
    };

    Formula formula{};
    std::optional<Score> score; // none: it has no memory or no processor
    Yardstick yardstick;
    StaticVector<Input, max_nodes> inputs; // the nodes on which it has something
    NodeIndex page_table = 0;
    std::uint64_t at = 0; // time base
};

ScoreReport report(const Metric& metric, const Nodes& nodes, const Place& place, const Yardstick& yardstick,
                   std::uint64_t now);

} // namespace transom::affinity

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <transom/affinity/score.hpp>
#include <vector>

namespace transom::affinity {

/// So many nodes of one size.
inline Nodes even_nodes(std::size_t count, Amounts capacity, std::uint16_t distance = 40) {
    Nodes nodes;
    nodes.reset(count, distance);
    for (std::size_t n = 0; n < count; ++n)
        nodes.set_capacity(static_cast<NodeIndex>(n), capacity);
    return nodes;
}

/// What a test writes down of a place, and its score in points.
struct TestPlace {
    std::vector<Amounts> on;
    NodeIndex page_table = 0;

    Place place() const { return {on, page_table}; }
    Size size(std::uint32_t per_processor = 1) const {
        Size result{.per_processor = per_processor, .page_table = 1};
        for (const Amounts& amounts : on) {
            result.memory += amounts.memory;
            result.processors += amounts.processing / per_processor;
        }
        return result;
    }
    std::optional<double> points(Formula formula, const Nodes& nodes) const {
        const auto found = score(metric(formula), nodes, place(), yardstick(metric(formula), nodes, size()));
        return found ? std::optional(static_cast<double>(found->millionths) / 1e6) : std::nullopt;
    }
};

} // namespace transom::affinity

// SPDX-License-Identifier: Apache-2.0
#include <transom/affinity/score_report.hpp>

namespace transom::affinity {

ScoreReport report(const Metric& metric, const Nodes& nodes, const Place& place, const Yardstick& yardstick,
                   std::uint64_t now) {
    ScoreReport result{.formula = metric.formula,
                       .score = score(metric, nodes, place, yardstick),
                       .yardstick = yardstick,
                       .inputs = {},
                       .page_table = place.page_table,
                       .at = now};
    for (std::size_t n = 0; n < place.on.size(); ++n)
        if (!place.on[n].none())
            (void)result.inputs.push_back({static_cast<NodeIndex>(n), place.on[n]});
    return result;
}

} // namespace transom::affinity

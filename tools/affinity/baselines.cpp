// SPDX-License-Identifier: Apache-2.0
#include "baselines.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace transom::affinity {

void first_fit(const Allocation& current, Allocation& to) {
    to.copy(current);
    const auto partitions = current.partitions();
    for (std::size_t p = 0; p < partitions.size(); ++p)
        if (!partitions[p].stays)
            to.lift(p);
    Spot spot;
    for (std::size_t p = 0; p < partitions.size(); ++p)
        if (!partitions[p].stays) {
            // Nodes in the order of their numbers, whatever is how far from what.
            Nodes flat;
            flat.reset(current.nodes().count(), Nodes::local_distance);
            if (!Fit(flat, partitions[p].size, to.free()).fill(0, true, spot))
                return to.copy(current);
            to.put(p, spot.place(current.nodes().count()));
        }
}

void greedy(const Valuation& valuation, Allocation& to) {
    const Allocation& current = valuation.current();
    to.copy(current);
    std::vector<std::size_t> order(current.partitions().size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        return valuation.loss(a, current.place(a)) > valuation.loss(b, current.place(b));
    });
    Spot spot;
    for (const std::size_t p : order) {
        if (current.partitions()[p].stays)
            continue;
        to.lift(p);
        const auto value = best_spot(current.nodes(), current.partitions()[p].size, to.free(), Care::quick, spot,
                                     [&](const Place& place) { return valuation.of(p, place); });
        const bool better = value && *value > valuation.of(p, current.place(p));
        to.put(p, better ? spot.place(current.nodes().count()) : current.place(p));
    }
}

} // namespace transom::affinity

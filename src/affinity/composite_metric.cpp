// SPDX-License-Identifier: Apache-2.0
#include "metrics.hpp"
#include <algorithm>
#include <array>

namespace transom::affinity {

namespace {

constexpr unsigned weight_to_fraction = fraction_bits - Nodes::weight_bits;

// The design's: a page table in the farthest node costs a tenth. Ours: a node more than needed costs 2 %, at most 20 %.
constexpr Fraction most_for_table = whole / 10;
constexpr Fraction for_each_node = whole / 50;
constexpr std::uint32_t most_nodes = 10;

Fraction fragmentation(std::uint32_t used, std::uint32_t fewest) {
    return whole - for_each_node * std::min(used > fewest ? used - fewest : 0, most_nodes);
}

/// `near`: the mean of weights between processors and page table.
Fraction page_table(Fraction near, Fraction least) {
    if (near == whole)
        return whole;
    return whole - most_for_table * (whole - near) / (whole - least);
}

std::optional<Fraction> share(const Nodes& nodes, const Place& place, std::uint32_t fewest) {
    std::array<NodeIndex, max_nodes> list;
    std::uint32_t used = 0;
    std::uint64_t memory = 0, processing = 0;
    for (std::size_t n = 0; n < place.on.size(); ++n) {
        if (place.on[n].none())
            continue;
        list[used++] = static_cast<NodeIndex>(n);
        memory += place.on[n].memory;
        processing += place.on[n].processing;
    }
    if (memory == 0 || processing == 0)
        return {};
    std::uint64_t near = 0, near_table = 0; // weights times amounts
    for (const NodeIndex a : std::span(list).first(used)) {
        if (place.on[a].processing == 0)
            continue;
        std::uint64_t reached = 0;
        for (const NodeIndex b : std::span(list).first(used))
            reached += std::uint64_t{place.on[b].memory} * nodes.weight(a, b);
        near += place.on[a].processing * reached;
        near_table += std::uint64_t{place.on[a].processing} * nodes.weight(a, place.page_table);
    }
    const Fraction locality = (near / processing << weight_to_fraction) / memory;
    const Fraction table = page_table((near_table << weight_to_fraction) / processing,
                                      Fraction{nodes.least_weight()} << weight_to_fraction);
    return product(product(locality, fragmentation(used, fewest)), table);
}

} // namespace

constinit const Metric composite_metric = {
    .formula = Formula::composite,
    .name = "composite",
    .text = "100 * L * F * H / the best of a partition of this size; L: sum over nodes n, m of PC(n) * PM(m) * 10 / "
            "distance(n, m); "
            "F: 1 - 0.02 for each node beyond the fewest; H: 1 - 0.1 * distance of page table and processors",
    .normalised = true,
    .share = share,
};

} // namespace transom::affinity

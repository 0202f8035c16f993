// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <transom/affinity/fit.hpp>
#include <transom/affinity/score.hpp>
#include <transom/relocate/census.hpp>
#include <transom/relocate/placer.hpp>
#include <tuple>

namespace transom::relocate {

using affinity::Amounts;
using affinity::NodeIndex;

namespace {

/// Those of which it takes all that is left first, and of the others the one with the most: what comes first is filled first.
tree::NodeList memory_nodes(const affinity::Place& place, std::span<const Amounts> free, const affinity::Size& size) {
    std::array<NodeIndex, affinity::max_nodes> order;
    const auto nodes = std::span(order).first(place.on.size());
    for (NodeIndex n = 0; n < nodes.size(); ++n)
        order[n] = n;
    // Not stable_sort, which would want a heap.
    std::ranges::sort(nodes, std::ranges::greater{}, [&](NodeIndex n) {
        const std::uint32_t with_table = place.on[n].memory + (n == place.page_table ? size.page_table : 0);
        return std::tuple(with_table >= free[n].memory, place.on[n].memory, -int{n});
    });
    tree::NodeList list;
    for (const NodeIndex n : nodes)
        if (place.on[n].memory != 0 && !list.push_back(n))
            break; // what is left goes wherever there is room
    return list;
}

tree::NodeList processor_nodes(const affinity::Place& place, std::uint32_t each) {
    tree::NodeList list;
    for (std::size_t n = 0; n < place.on.size(); ++n)
        for (std::uint32_t i = 0; i < place.on[n].processing / each; ++i)
            (void)list.push_back(static_cast<std::uint32_t>(n)); // there is room for as many as a partition has
    return list;
}

} // namespace

static_assert(tree::max_listed_nodes >= partition::max_vcpus);

void Placer::count_free(std::span<Amounts> free) const {
    const affinity::Nodes& nodes = topology_.nodes();
    for (NodeIndex n = 0; n < nodes.count(); ++n)
        free[n] = {free_blocks(topology_, frames_, n), nodes.capacity()[n].processing};
    roster_.for_each([&](const partition::Partition& partition) {
        if (partition.vcpu_count == 0)
            return; // it is the one that is to be built
        const std::uint32_t each = size_of(partition).per_processor;
        for (std::uint32_t i = 0; i < partition.vcpu_count; ++i) {
            std::uint32_t& left = free[partition.vcpus[i].home].processing;
            left -= std::min(left, each);
        }
    });
}

void Placer::place(partition::Shape& shape) {
    const affinity::Nodes& nodes = topology_.nodes();
    const bool says_it =
        !shape.memory_nodes.empty() || !shape.page_table_node.empty() || !shape.processor_nodes.empty();
    if (says_it || nodes.count() < 2)
        return;
    const affinity::Size size = size_of(shape);
    const affinity::Metric& metric = affinity::metric(affinity::Formula::composite);
    const std::uint32_t fewest = affinity::fewest_nodes(nodes, size);
    std::array<Amounts, affinity::max_nodes> free{};
    count_free(free);
    affinity::Spot spot;
    const auto found =
        affinity::best_spot(nodes, size, std::span(free).first(nodes.count()), affinity::Care::thorough, spot,
                            [&](const affinity::Place& place) {
                                return static_cast<std::int64_t>(metric.share(nodes, place, fewest).value_or(0));
                            });
    if (!found)
        return; // it has to be scattered, or there is no room; whoever builds it sees
    const affinity::Place place = spot.place(nodes.count());
    shape.memory_nodes = memory_nodes(place, free, size);
    (void)shape.page_table_node.push_back(place.page_table);
    shape.processor_nodes = processor_nodes(place, size.per_processor);
}

} // namespace transom::relocate

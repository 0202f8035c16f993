// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/affinity/fit.hpp>

namespace transom::affinity {

bool Fit::place_memory(std::span<const NodeIndex> order, Spot& spot, bool with_table) const {
    std::uint32_t left = size_.memory;
    for (const NodeIndex node : order) {
        const std::uint32_t taken = std::min(left, with_table ? room(spot, node) : free_[node].memory);
        spot.on[node].memory = taken;
        left -= taken;
    }
    return left == 0;
}

bool Fit::place_processors(std::span<const NodeIndex> order, Spot& spot) const {
    std::uint32_t left = size_.processors;
    for (const NodeIndex node : order) {
        const std::uint32_t most =
            left == 0 || size_.per_processor == 0 ? left : free_[node].processing / size_.per_processor;
        const std::uint32_t taken = std::min(left, most);
        spot.on[node].processing = taken * size_.per_processor;
        left -= taken;
    }
    return left == 0;
}

bool Fit::fill(NodeIndex from, bool table_first, Spot& spot) const {
    const auto order = nodes_.nearest(from);
    const auto place_table = [&](auto room_on) {
        const auto node = std::ranges::find_if(order, [&](NodeIndex n) { return room_on(n) >= size_.page_table; });
        if (node == order.end())
            return false;
        spot.page_table = *node;
        return true;
    };
    if (table_first)
        return place_table([&](NodeIndex n) { return free_[n].memory; }) && place_memory(order, spot, true) &&
               place_processors(order, spot);
    return place_memory(order, spot, false) &&
           place_table([&](NodeIndex n) { return free_[n].memory - spot.on[n].memory; }) &&
           place_processors(order, spot);
}

/// Nodes by how near those are on which it has `what`, the nearest first, of equally near ones those that have more room for `wanted`.
/// `with_table`: its page table counts as an eighth of its memory.
std::span<const NodeIndex> Fit::nearest_to(const Spot& spot, Resource what, Resource wanted, bool with_table,
                                           Order& order) const {
    std::array<std::uint64_t, max_nodes> near;
    for (NodeIndex n = 0; n < nodes_.count(); ++n) {
        order[n] = n;
        near[n] = with_table ? std::uint64_t{size_.memory} * nodes_.weight(n, spot.page_table) / 8 : 0;
        for (NodeIndex m = 0; m < nodes_.count(); ++m)
            if (spot.on[m].*what != 0)
                near[n] += std::uint64_t{spot.on[m].*what} * nodes_.weight(n, m);
    }
    const auto list = std::span(order).first(nodes_.count());
    std::ranges::sort(list, [&](NodeIndex a, NodeIndex b) {
        if (near[a] != near[b])
            return near[a] > near[b];
        return free_[a].*wanted != free_[b].*wanted ? free_[a].*wanted > free_[b].*wanted : a < b;
    });
    return list;
}

// All of it found room before, so it does again.
void Fit::memory_to_processors(Spot& spot) const {
    Order order;
    (void)place_memory(nearest_to(spot, &Amounts::processing, &Amounts::memory, false, order), spot, true);
}

void Fit::processors_to_memory(Spot& spot) const {
    Order order;
    (void)place_processors(nearest_to(spot, &Amounts::memory, &Amounts::processing, true, order), spot);
}

void Fit::table_to_processors(Spot& spot) const {
    Order order;
    for (const NodeIndex n : nearest_to(spot, &Amounts::processing, &Amounts::memory, false, order))
        if (free_[n].memory - spot.on[n].memory >= size_.page_table) {
            spot.page_table = n;
            return;
        }
}

} // namespace transom::affinity

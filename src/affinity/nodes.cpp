// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/affinity/nodes.hpp>
#include <transom/base/panic.hpp>

namespace transom::affinity {

void Nodes::reset(std::size_t count, std::uint16_t distance) {
    invariant(count <= max_nodes && distance >= local_distance, "nodes: too many, or nearer than themselves");
    count_ = count;
    capacity_.fill({});
    least_weight_ = local_weight;
    const auto n = static_cast<NodeIndex>(count);
    for (NodeIndex a = 0; a < n; ++a) {
        for (NodeIndex b = 0; b < n; ++b) {
            distance_[index(a, b)] = a == b ? local_distance : distance;
            weight_[index(a, b)] = local_weight * local_distance / distance_[index(a, b)];
            least_weight_ = std::min(least_weight_, weight(a, b));
        }
        sort(a);
    }
}

void Nodes::set_distance(NodeIndex a, NodeIndex b, std::uint16_t distance) {
    invariant(a < count_ && b < count_ && distance >= local_distance, "nodes: a distance that cannot be");
    for (const std::size_t i : {index(a, b), index(b, a)}) {
        distance_[i] = distance;
        weight_[i] = local_weight * local_distance / distance;
    }
    sort(a);
    sort(b);
    least_weight_ = local_weight;
    for (NodeIndex from = 0; from < count_; ++from)
        least_weight_ = std::min(least_weight_, weight(from, nearest(from).back()));
}

void Nodes::sort(NodeIndex from) {
    const auto list = std::span(nearest_).subspan(index(from, 0), count_);
    for (std::size_t i = 0; i < list.size(); ++i)
        list[i] = static_cast<NodeIndex>(i);
    std::ranges::sort(list, [&](NodeIndex a, NodeIndex b) {
        // Two nodes may be as near to each other as each to itself; a node is the nearest to itself all the same.
        const auto rank = [&](NodeIndex n) { return n == from ? 0 : distance(from, n); };
        return rank(a) != rank(b) ? rank(a) < rank(b) : a < b;
    });
}

} // namespace transom::affinity

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <transom/affinity/amounts.hpp>

namespace transom::affinity {

/// A share of something, in parts of `whole`. There is no floating point in the hypervisor.
using Fraction = std::uint64_t;
constexpr unsigned fraction_bits = 30;
constexpr Fraction whole = Fraction{1} << fraction_bits;
constexpr Fraction product(Fraction a, Fraction b) { return a * b >> fraction_bits; }

/// A machine as far as affinity is concerned: nodes, what each has for partitions, and how far they are from each other. Of
/// distances only the ratio to the local one counts, so any table of a firmware's (ACPI's SLIT, LoPAR's) will do.
class Nodes {
  public:
    static constexpr std::uint16_t local_distance = 10;
    static constexpr unsigned weight_bits = 20;
    static constexpr std::uint32_t local_weight = 1U << weight_bits;

    /// Forgets everything: so many nodes that have nothing, `distance` apart. At most max_nodes.
    void reset(std::size_t count, std::uint16_t distance);
    /// From either to the other; at least local_distance.
    void set_distance(NodeIndex a, NodeIndex b, std::uint16_t distance);
    void set_capacity(NodeIndex node, Amounts amounts) { capacity_[node] = amounts; }

    std::size_t count() const { return count_; }
    std::span<const Amounts> capacity() const { return std::span(capacity_).first(count_); }
    std::uint16_t distance(NodeIndex a, NodeIndex b) const { return distance_[index(a, b)]; }
    /// local_distance / distance, in parts of local_weight: what an access from one to the other is worth.
    std::uint32_t weight(NodeIndex a, NodeIndex b) const { return weight_[index(a, b)]; }
    /// Of the two nodes that are farthest from each other.
    std::uint32_t least_weight() const { return least_weight_; }
    /// All nodes, the nearest to `from` first and of equally near ones the lowest: `from` itself is the first.
    std::span<const NodeIndex> nearest(NodeIndex from) const {
        return std::span(nearest_).subspan(std::size_t{from} * max_nodes, count_);
    }

  private:
    static std::size_t index(NodeIndex a, NodeIndex b) { return std::size_t{a} * max_nodes + b; }
    void sort(NodeIndex from);

    std::size_t count_ = 0;
    std::array<Amounts, max_nodes> capacity_{};
    std::array<std::uint16_t, max_nodes * max_nodes> distance_{};
    std::array<std::uint32_t, max_nodes * max_nodes> weight_{};
    std::array<NodeIndex, max_nodes * max_nodes> nearest_{};
    std::uint32_t least_weight_ = local_weight;
};

} // namespace transom::affinity

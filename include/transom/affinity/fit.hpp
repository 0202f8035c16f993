// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/affinity/amounts.hpp>
#include <transom/affinity/nodes.hpp>

namespace transom::affinity {

/// A place that is being looked for, with its amounts.
struct Spot {
    std::array<Amounts, max_nodes> on;
    NodeIndex page_table = 0;

    Place place(std::size_t nodes) const { return {std::span(on).first(nodes), page_table}; }
};

/// Ways to put a partition into free room, each from a node outwards, to the nearest nodes first.
class Fit {
  public:
    Fit(const Nodes& nodes, const Size& size, std::span<const Amounts> free)
        : nodes_(nodes), size_(size), free_(free) {}

    /// Its page table has its room before its memory, or what its memory leaves. False: it does not fit.
    bool fill(NodeIndex from, bool table_first, Spot& spot) const;
    /// The same place but for its memory, which goes to where its processors are nearest; or the other way round; or but for its page table.
    void memory_to_processors(Spot& spot) const;
    void processors_to_memory(Spot& spot) const;
    void table_to_processors(Spot& spot) const;

    bool is_on_one_node(const Spot& spot, NodeIndex node) const {
        return spot.page_table == node && spot.on[node] == Amounts{size_.memory, size_.processing()};
    }

  private:
    using Resource = std::uint32_t Amounts::*;
    using Order = std::array<NodeIndex, max_nodes>;
    std::span<const NodeIndex> nearest_to(const Spot& spot, Resource what, Resource wanted, bool with_table,
                                          Order& order) const;
    std::uint32_t room(const Spot& spot, NodeIndex node) const {
        return free_[node].memory - (spot.page_table == node ? size_.page_table : 0);
    }
    bool place_memory(std::span<const NodeIndex> order, Spot& spot, bool with_table) const;
    bool place_processors(std::span<const NodeIndex> order, Spot& spot) const;

    const Nodes& nodes_;
    const Size& size_;
    std::span<const Amounts> free_;
};

/// How often memory and processors are sent after each other, and whether a small page table is tried in all places.
enum class Care : std::uint8_t { quick, thorough };

/// The place of the greatest value among those that Fit finds in `free`, the first of equals. None: it fits nowhere. value(Place) gives a
/// number of 64 bits.
template <class Value, class Skip>
std::optional<std::int64_t> best_spot(const Nodes& nodes, const Size& size, std::span<const Amounts> free, Care care,
                                      Spot& best, Value value, Skip skip) {
    const Fit fit(nodes, size, free);
    std::optional<std::int64_t> found;
    Spot spot;
    const auto consider = [&] {
        const std::int64_t now = value(spot.place(nodes.count()));
        if (!found || now > *found) {
            found = now;
            best = spot;
        }
    };
    for (NodeIndex from = 0; from < nodes.count(); ++from) {
        if (free[from].none() || skip(from))
            continue;
        for (const bool table_first : {true, false}) {
            if (!fit.fill(from, table_first, spot))
                continue;
            consider();
            if (fit.is_on_one_node(spot, from))
                break; // the other order of this node is the same
            for (int round = 0; round < (care == Care::quick ? 1 : 2); ++round) {
                fit.memory_to_processors(spot);
                consider();
                fit.processors_to_memory(spot);
                consider();
                fit.table_to_processors(spot);
                consider();
            }
            if (care == Care::quick && (spot.page_table != from || size.page_table < size.memory / 16))
                break; // so little room is not worth another try
        }
    }
    return found;
}

template <class Value>
std::optional<std::int64_t> best_spot(const Nodes& nodes, const Size& size, std::span<const Amounts> free, Care care,
                                      Spot& best, Value value) {
    return best_spot(nodes, size, free, care, best, value, [](NodeIndex) { return false; });
}

} // namespace transom::affinity

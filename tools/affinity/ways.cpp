// SPDX-License-Identifier: Apache-2.0
#include "ways.hpp"

#include <algorithm>
#include <bit>

namespace transom::affinity {
namespace {

double as_double(std::uint64_t value) { return static_cast<double>(value); }

class Ways {
  public:
    Ways(const Valuation& valuation, Detail detail, std::vector<Way>& list)
        : valuation_(valuation), detail_(detail), list_(list) {}

    /// All of a partition's. Its points are a share of the system's, `weight`.
    void add(std::size_t partition, double weight) {
        partition_ = partition;
        weight_ = weight;
        processing_.assign(nodes().count(), 0);
        spread(0, size().processors);
    }

  private:
    const Nodes& nodes() const { return valuation_.current().nodes(); }
    const Size& size() const { return valuation_.current().partitions()[partition_].size; }

    void spread(std::size_t node, std::uint32_t left) {
        if (node == nodes().count()) {
            if (left == 0)
                with_nodes();
            return;
        }
        for (std::uint32_t n = 0; n <= left && n * size().per_processor <= nodes().capacity()[node].processing; ++n) {
            processing_[node] = n * size().per_processor;
            spread(node + 1, left - n);
        }
        processing_[node] = 0;
    }

    void with_nodes() {
        if (detail_ == Detail::processors)
            return with_table(all_nodes(), {});
        if (detail_ == Detail::page_tables) {
            for (NodeIndex table = 0; table < nodes().count(); ++table)
                with_table(all_nodes(), table);
            return;
        }
        const bool with_tables = detail_ == Detail::everything;
        unsigned needed = 0;
        for (std::size_t n = 0; n < processing_.size(); ++n)
            needed |= processing_[n] != 0 ? 1U << n : 0;
        for (unsigned set = 1; set < 1U << nodes().count(); ++set)
            if ((set & needed) == needed) {
                if (!with_tables)
                    with_table(set, {});
                for (NodeIndex table = 0; with_tables && table < nodes().count(); ++table)
                    with_table(set, table);
            }
    }

    unsigned all_nodes() const { return (1U << nodes().count()) - 1; }

    void with_table(unsigned set, std::optional<NodeIndex> table) {
        // The score of a block on each node, by the formula itself: with all memory there, and its part in that. Fragmentation is that of
        // the whole set, though the block alone would not be as scattered: so a node that is not used after all is counted too low, and
        // the way without it is another one.
        const auto with_processors =
            std::ranges::count_if(processing_, [](std::uint32_t amount) { return amount != 0; });
        const auto used = detail_ == Detail::everything || detail_ == Detail::nodes
                              ? static_cast<std::uint32_t>(std::popcount(set))
                              : static_cast<std::uint32_t>(with_processors);
        const Yardstick& yard = valuation_.yardstick(partition_);
        const double fragmentation = 1 - 0.02 * std::min(used > yard.fewest_nodes ? used - yard.fewest_nodes : 0, 10U);
        const double least = as_double(nodes().least_weight()) / as_double(Nodes::local_weight);
        Way way{.partition = partition_, .processing = processing_, .nodes = set, .table = table, .block_points = {}};
        double near_table = 0;
        for (NodeIndex at = 0; at < nodes().count(); ++at) {
            double near = 0;
            for (NodeIndex n = 0; n < nodes().count(); ++n)
                near += share(n) * weight(n, at);
            near_table = !table || *table == at ? std::max(near_table, near) : near_table;
        }
        const double at_table = least < 1 ? 1 - 0.1 * (1 - near_table) / (1 - least) : 1;
        for (NodeIndex m = 0; m < nodes().count(); ++m) {
            double near = 0;
            for (NodeIndex n = 0; n < nodes().count(); ++n)
                near += share(n) * weight(n, m);
            const double best = as_double(yard.best) / as_double(whole);
            way.block_points.push_back(weight_ * 100 * near * fragmentation * at_table / best / size().memory);
        }
        way.most = most_of(way);
        if (way.most > 0)
            list_.push_back(std::move(way));
    }

    double share(NodeIndex n) const { return as_double(processing_[n]) / size().processing(); }
    double weight(NodeIndex a, NodeIndex b) const {
        return as_double(nodes().weight(a, b)) / as_double(Nodes::local_weight);
    }

    double most_of(const Way& way) const {
        std::vector<NodeIndex> order;
        for (NodeIndex n = 0; n < nodes().count(); ++n)
            if ((way.nodes >> n & 1) != 0)
                order.push_back(n);
        std::ranges::sort(order, [&](NodeIndex a, NodeIndex b) { return way.block_points[a] > way.block_points[b]; });
        std::uint32_t left = size().memory;
        double sum = 0;
        for (const NodeIndex n : order) {
            const std::uint32_t room = nodes().capacity()[n].memory;
            const std::uint32_t table = way.table == n ? size().page_table : 0;
            const std::uint32_t taken = std::min(left, room - std::min(room, table));
            sum += taken * way.block_points[n];
            left -= taken;
        }
        return left == 0 ? sum : 0;
    }

    const Valuation& valuation_;
    const Detail detail_;
    std::vector<Way>& list_;
    std::size_t partition_ = 0;
    double weight_ = 0;
    std::vector<std::uint32_t> processing_;
};

} // namespace

void add_ways(const Valuation& valuation, Detail detail, std::size_t partition, double weight, std::vector<Way>& list) {
    Ways(valuation, detail, list).add(partition, weight);
}

} // namespace transom::affinity

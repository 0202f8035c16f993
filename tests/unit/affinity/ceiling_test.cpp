// SPDX-License-Identifier: Apache-2.0
// What a partition could have at best is found by a search that does not look at everything. Here everything is looked at.
#include "places.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace transom::affinity {
namespace {

/// The best share of all places that there are.
class Everywhere {
  public:
    Everywhere(const Metric& metric, const Nodes& nodes, const Size& size)
        : metric_(metric), nodes_(nodes), size_(size),
          fewest_(fewest_nodes(nodes, size)), place_{.on = std::vector<Amounts>(nodes.count())} {
        memory(0, size.memory);
    }
    Fraction best() const { return best_; }

  private:
    void memory(std::size_t node, std::uint32_t left) {
        if (node == nodes_.count()) {
            if (left == 0)
                processors(0, size_.processors);
            return;
        }
        for (std::uint32_t n = 0; n <= std::min(left, nodes_.capacity()[node].memory); ++n) {
            place_.on[node].memory = n;
            memory(node + 1, left - n);
        }
    }
    void processors(std::size_t node, std::uint32_t left) {
        if (node == nodes_.count()) {
            if (left == 0)
                page_table();
            return;
        }
        for (std::uint32_t n = 0; n <= left && n * size_.per_processor <= nodes_.capacity()[node].processing; ++n) {
            place_.on[node].processing = n * size_.per_processor;
            processors(node + 1, left - n);
        }
    }
    void page_table() {
        for (NodeIndex node = 0; node < nodes_.count(); ++node) {
            place_.page_table = node;
            if (place_.on[node].memory + size_.page_table <= nodes_.capacity()[node].memory)
                best_ = std::max(best_, metric_.share(nodes_, place_.place(), fewest_).value_or(0));
        }
    }

    const Metric& metric_;
    const Nodes& nodes_;
    const Size& size_;
    std::uint32_t fewest_;
    TestPlace place_;
    Fraction best_ = 0;
};

TEST(AffinityCeiling, NoPlaceOnAnEmptyMachineIsBetter) {
    std::mt19937 random(1);
    const auto draw = [&](std::uint32_t least, std::uint32_t most) {
        return std::uniform_int_distribution(least, most)(random);
    };
    const Metric& composite = metric(Formula::composite);
    unsigned fit = 0, more_than_a_node = 0, missed = 0;
    for (unsigned round = 0; round < 4000; ++round) {
        Nodes nodes;
        nodes.reset(3, 40);
        for (NodeIndex n = 0; n < 3; ++n) {
            nodes.set_capacity(n, {draw(2, 6), draw(1, 4)});
            for (NodeIndex m = 0; m < n; ++m)
                nodes.set_distance(n, m, static_cast<std::uint16_t>(draw(0, 1) != 0 ? 20 : 40));
        }
        const Size size{.memory = draw(1, 6), .processors = draw(1, 4), .per_processor = 1, .page_table = 1};
        const Fraction best = Everywhere(composite, nodes, size).best();
        if (best == 0)
            continue; // it does not fit
        ++fit;
        more_than_a_node += best < whole ? 1 : 0;
        const Fraction found = yardstick(composite, nodes, size).best;
        EXPECT_LE(found, best) << round;
        EXPECT_GE(found, best - best / 20) << round;
        missed += found < best ? 1 : 0;
    }
    EXPECT_GT(fit, 2000U);
    EXPECT_GT(more_than_a_node, fit / 10);
    EXPECT_LT(missed, fit / 100);
}

TEST(AffinityCeiling, WhatTheMachineCannotHoldIsComparedWithNothing) {
    const Nodes nodes = even_nodes(2, {4, 4});
    const Yardstick yard = yardstick(metric(Formula::composite), nodes,
                                     {.memory = 9, .processors = 1, .per_processor = 1, .page_table = 1});
    EXPECT_EQ(yard.best, whole);
}

} // namespace
} // namespace transom::affinity

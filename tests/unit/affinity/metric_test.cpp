// SPDX-License-Identifier: Apache-2.0
#include "places.hpp"

#include <gmock/gmock.h>

namespace transom::affinity {
namespace {

/// The claimed score of a partition that has these parts of its memory and of its processors on the nodes.
std::optional<double> claimed(std::initializer_list<std::uint32_t> memory,
                              std::initializer_list<std::uint32_t> processing) {
    TestPlace place{.on = std::vector<Amounts>(memory.size())};
    for (std::size_t n = 0; n < memory.size(); ++n)
        place.on[n] = {memory.begin()[n], processing.begin()[n]};
    return place.points(Formula::claimed, even_nodes(memory.size(), {1000, 1000}));
}

constexpr double exact = 0.001;

TEST(Affinity, R67_TheClaimedFormulaHasTheDesignsVectors) {
    EXPECT_NEAR(claimed({100, 0}, {100, 0}).value(), 100, exact);
    EXPECT_NEAR(claimed({50, 50}, {50, 50}).value(), 100, exact);
    EXPECT_NEAR(claimed({75, 25}, {25, 75}).value(), 50, exact);
    EXPECT_NEAR(claimed({60, 40}, {50, 50}).value(), 90, exact);
    EXPECT_NEAR(claimed({75, 25}, {100, 0}).value(), 65.625, exact);
    EXPECT_NEAR(claimed({34, 33, 33}, {100, 0, 0}).value(), 22.78, exact);
    EXPECT_NEAR(claimed({25, 25, 25, 25}, {25, 25, 25, 25}).value(), 100, exact);
    EXPECT_NEAR(claimed({7, 4, 1}, {2, 3, 1}).value(), 80.556, exact); // twelfths: 7 4 1 and 4 6 2
}

TEST(Affinity, R67_TheScaleOfTheAmountsDoesNotMatter) {
    EXPECT_NEAR(claimed({4'194'303, 0}, {4'194'303, 0}).value(), 100, exact);
    EXPECT_NEAR(claimed({3'000'000, 1'000'000}, {1, 3}).value(), 50, exact);
    EXPECT_NEAR(claimed({1, 2}, {2'000'000, 1'000'000}).value(), 66.667, exact);
}

TEST(Affinity, R69_ANodeWithOneOfTheTwoOnlyCountsNothing) {
    EXPECT_EQ(claimed({100, 0}, {0, 100}).value(), 0);
    // Without the rule the second node would add (100 - 50) * 25 / 100.
    EXPECT_NEAR(claimed({50, 50}, {100, 0}).value(), 37.5, exact);
}

TEST(Affinity, R67_APartitionWithoutMemoryOrProcessorHasNoScore) {
    for (const Metric* metric : metrics()) {
        const Nodes nodes = even_nodes(2, {10, 10});
        for (const TestPlace& place :
             {TestPlace{{{5, 0}, {0, 0}}}, TestPlace{{{0, 0}, {0, 5}}}, TestPlace{{{0, 0}, {0, 0}}}})
            EXPECT_EQ(place.points(metric->formula, nodes), std::nullopt) << metric->name;
    }
}

std::optional<double> composite(const Nodes& nodes, const TestPlace& place) {
    return place.points(Formula::composite, nodes);
}

TEST(Affinity, R69_WhatLiesFarCountsByItsDistance) {
    const Nodes nodes = even_nodes(2, {100, 100});
    EXPECT_NEAR(composite(nodes, {{{40, 4}, {0, 0}}}).value(), 100, exact);
    // A quarter of the memory at distance 40: L = 3/4 + 1/4 * 1/4; two nodes where one would do: F = 0.98.
    EXPECT_NEAR(composite(nodes, {{{30, 4}, {10, 0}}}).value(), 100 * 0.8125 * 0.98, exact);
    EXPECT_NEAR(composite(even_nodes(2, {100, 100}, 20), {{{30, 4}, {10, 0}}}).value(), 100 * 0.875 * 0.98, exact);
    EXPECT_NEAR(composite(nodes, {{{40, 0}, {0, 4}}, 1}).value(), 100 * 0.25 * 0.98, exact);
}

TEST(Affinity, ScatteringIsSeenByTheCompositeFormula) {
    const TestPlace scattered{{{10, 1}, {10, 1}, {10, 1}, {10, 1}}};
    const Nodes nodes = even_nodes(4, {100, 100});
    EXPECT_NEAR(scattered.points(Formula::claimed, nodes).value(), 100, exact);
    // L = 1/4 + 3/4 * 1/4; three nodes too many; three quarters of the processors are away from the page table.
    EXPECT_NEAR(composite(nodes, scattered).value(), 100 * 0.4375 * 0.94 * 0.925, exact);
}

TEST(Affinity, R91_ThePageTablesNodeCounts) {
    Nodes nodes = even_nodes(3, {100, 100});
    nodes.set_distance(0, 1, 20);
    EXPECT_NEAR(composite(nodes, {{{40, 4}, {0, 0}, {0, 0}}, 0}).value(), 100, exact);
    EXPECT_NEAR(composite(nodes, {{{40, 4}, {0, 0}, {0, 0}}, 1}).value(), 100 * (1 - 0.1 * 0.5 / 0.75), exact);
    EXPECT_NEAR(composite(nodes, {{{40, 4}, {0, 0}, {0, 0}}, 2}).value(), 90, exact);
}

TEST(Affinity, AHundredIsTheBestThatASizeCanHave) {
    const Nodes nodes = even_nodes(4, {100, 10});
    // Two nodes' memory but for the page table, whose node has all processors.
    const TestPlace best{{{99, 10}, {100, 0}, {0, 0}, {0, 0}}, 0};
    EXPECT_NEAR(composite(nodes, best).value(), 100, exact);
    const TestPlace worse{{{50, 5}, {50, 5}, {50, 0}, {49, 0}}, 1};
    EXPECT_LT(composite(nodes, worse).value(), 70);
    EXPECT_EQ(fewest_nodes(nodes, best.size()), 2u);
    EXPECT_EQ(fewest_nodes(nodes, {.memory = 1, .processors = 31, .per_processor = 1}), 4u);
}

TEST(Affinity, R90_ProcessingMayBeWhatWasObserved) {
    // Ten ticks of a second were on the far node, whatever entitlement is at home there.
    EXPECT_NEAR(claimed({100, 0}, {511'999'990, 10}).value(), 100, exact);
    EXPECT_NEAR(claimed({50, 50}, {300, 100}).value(), 75, exact);
}

} // namespace
} // namespace transom::affinity

// SPDX-License-Identifier: Apache-2.0
#include "places.hpp"

#include <gmock/gmock.h>
#include <transom/affinity/score_report.hpp>

namespace transom::affinity {
namespace {

using testing::ElementsAre;

TEST(AffinityScore, R77_TheSystemsScoreIsWeightedByWhatPartitionsHave) {
    SystemScore system;
    EXPECT_EQ(system.mean(), std::nullopt);
    system.add({.memory = 30, .processors = 1, .per_processor = 10}, Score{80'000'000});
    EXPECT_EQ(system.mean(), Score{80'000'000});
    system.add({.memory = 10, .processors = 1, .per_processor = 10}, Score{40'000'000});
    // Memory: 3/4 of 80 and 1/4 of 40; processing: half of each.
    EXPECT_EQ(system.mean(), Score{65'000'000});
    system.add({.memory = 1000, .processors = 0, .per_processor = 10}, std::nullopt);
    EXPECT_EQ(system.mean(), Score{65'000'000});
}

TEST(AffinityScore, R88_AnAnswerSaysHowItWasReckonedFromWhatAndWhen) {
    const Nodes nodes = even_nodes(3, {100, 100});
    const TestPlace place{{{30, 4}, {0, 0}, {10, 0}}, 2};
    const Metric& composite = metric(Formula::composite);
    const Yardstick yard = yardstick(composite, nodes, place.size());
    const ScoreReport answer = report(composite, nodes, place.place(), yard, 4711);
    EXPECT_EQ(answer.formula, Formula::composite);
    EXPECT_EQ(answer.at, 4711u);
    EXPECT_EQ(answer.page_table, 2);
    EXPECT_THAT(answer.inputs, ElementsAre(ScoreReport::Input{0, {30, 4}}, ScoreReport::Input{2, {10, 0}}));

    // From what it says the same score comes out.
    TestPlace again{std::vector<Amounts>(3), answer.page_table};
    for (const auto& input : answer.inputs)
        again.on[input.node] = input.amounts;
    EXPECT_EQ(score(metric(answer.formula), nodes, again.place(), answer.yardstick), answer.score);
    ASSERT_TRUE(answer.score.has_value());
}

TEST(AffinityScore, R87_AnAnswerDependsOnNothingOfOthers) {
    // Nobody else is among its inputs, and what a partition could have at best is that of a machine without others: all there is to
    // learn is the machine's size, which the device tree tells anyway.
    const Nodes nodes = even_nodes(2, {100, 100});
    const TestPlace place{{{30, 4}, {10, 0}}};
    const Metric& composite = metric(Formula::composite);
    const auto answer = report(composite, nodes, place.place(), yardstick(composite, nodes, place.size()), 1);
    EXPECT_EQ(answer.inputs.size(), 2u);
    EXPECT_EQ(answer.yardstick.best, whole);
    EXPECT_EQ(answer.yardstick.fewest_nodes, 1u);
}

TEST(AffinityScore, EachFormulaHasItsNumberAndItsName) {
    ASSERT_EQ(metrics().size(), 2u);
    EXPECT_EQ(metrics()[0]->name, "claimed");
    EXPECT_EQ(static_cast<int>(metrics()[0]->formula), 1);
    EXPECT_EQ(metrics()[1]->name, "composite");
    EXPECT_EQ(static_cast<int>(metrics()[1]->formula), 2);
}

} // namespace
} // namespace transom::affinity

// SPDX-License-Identifier: Apache-2.0
#include "places.hpp"

#include <gmock/gmock.h>
#include <transom/affinity/fit.hpp>

namespace transom::affinity {
namespace {

const Size size{.memory = 40, .processors = 2, .per_processor = 100, .page_table = 1};

/// Where a partition of `size` is put on nodes with this room.
std::optional<TestPlace> place(const Nodes& nodes, std::span<const Amounts> free) {
    const Metric& composite = metric(Formula::composite);
    Spot spot;
    const auto value = [&](const Place& there) {
        return static_cast<std::int64_t>(composite.share(nodes, there, 1).value_or(0));
    };
    if (!best_spot(nodes, size, free, Care::quick, spot, value))
        return {};
    const Place found = spot.place(nodes.count());
    return TestPlace{{found.on.begin(), found.on.end()}, found.page_table};
}

TEST(AffinityFit, R89_OfEquallyGoodNodesTheLowestIsTaken) {
    const Nodes nodes = even_nodes(4, {100, 400});
    const std::vector<Amounts> free = {{40, 400}, {41, 200}, {100, 400}, {41, 200}};
    const TestPlace found = place(nodes, free).value();
    EXPECT_THAT(found.on, testing::ElementsAre(Amounts{}, Amounts{40, 200}, Amounts{}, Amounts{}));
    EXPECT_EQ(found.page_table, 1);
}

TEST(AffinityFit, WhatDoesNotFitGoesToTheNearestNode) {
    Nodes nodes = even_nodes(3, {100, 400}, 80);
    nodes.set_distance(0, 2, 20);
    const TestPlace found = place(nodes, std::vector<Amounts>{{31, 400}, {30, 0}, {10, 0}}).value();
    EXPECT_THAT(found.on, testing::ElementsAre(Amounts{30, 200}, Amounts{}, Amounts{10, 0}));
    EXPECT_EQ(found.page_table, 0);
}

TEST(AffinityFit, WithoutRoomThereIsNoPlace) {
    const Nodes nodes = even_nodes(2, {100, 400});
    EXPECT_FALSE(place(nodes, std::vector<Amounts>{{20, 400}, {20, 400}})); // none for the page table
    EXPECT_FALSE(place(nodes, std::vector<Amounts>{{50, 50}, {50, 150}}));  // a virtual processor is not divided
    EXPECT_TRUE(place(nodes, std::vector<Amounts>{{20, 100}, {21, 100}}));
}

} // namespace
} // namespace transom::affinity

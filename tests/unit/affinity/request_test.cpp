// SPDX-License-Identifier: Apache-2.0
#include "places.hpp"
#include "system.hpp"

#include <gtest/gtest.h>

namespace transom::affinity {
namespace {

/// A partition that lies badly, one beside it, and what is free.
struct Scene {
    Scene() {
        nodes = even_nodes(2, {100, 400});
        partitions.assign(2, {.size = {.memory = 40, .processors = 2, .per_processor = 100, .page_table = 1}});
        partitions[1].stays = true;
        current.emplace(nodes, partitions);
        (*current)->put(0, {std::vector<Amounts>{{40, 0}, {0, 200}}, 0});
        (*current)->put(1, {std::vector<Amounts>{{0, 0}, {40, 200}}, 1});
        room.emplace(Planner::room_for(2, 2));
        planner.emplace(metric(Formula::composite), **current, 1'000, room->bytes());
    }
    std::expected<Score, Refusal> potential(std::size_t partition, std::vector<Amounts> on,
                                            NodeIndex page_table) const {
        return planner->potential(partition, {on, page_table});
    }

    Nodes nodes;
    std::vector<Partition> partitions;
    std::optional<OwnedAllocation> current;
    std::optional<OwnedRoom> room;
    std::optional<Planner> planner;
};

TEST(AffinityRequest, R68_AProposalIsScoredAsIfItWereSo) {
    const Scene scene;
    const TestPlace there{{{40, 200}, {0, 0}}, 0};
    EXPECT_EQ(scene.potential(0, there.on, 0), full_score);
    const TestPlace half{{{20, 200}, {20, 0}}, 1};
    const auto points = half.points(Formula::composite, scene.nodes);
    EXPECT_NEAR(static_cast<double>(scene.potential(0, half.on, 1).value().millionths) / 1e6, points.value(), 1e-6);
    // What is, is a proposal too.
    EXPECT_EQ(scene.potential(0, {{40, 0}, {0, 200}}, 0), scene.planner->current(0));
}

TEST(AffinityRequest, R72_AProposalThatCannotBeIsRefusedWithTheReason) {
    const Scene scene;
    EXPECT_EQ(scene.potential(1, {{40, 200}, {0, 0}}, 0).error(), Refusal::is_protected);
    EXPECT_EQ(scene.potential(0, {{39, 200}, {0, 0}}, 0).error(), Refusal::other_size);
    EXPECT_EQ(scene.potential(0, {{40, 150}, {0, 50}}, 0).error(), Refusal::other_size); // halves of virtual processors
    EXPECT_EQ(scene.potential(0, {{40, 200}}, 0).error(), Refusal::other_size);
    EXPECT_EQ(scene.potential(0, {{40, 200}, {0, 0}}, 2).error(), Refusal::other_size);

    Scene full;
    full.partitions[1].size.memory = 80;
    full.current.emplace(full.nodes, full.partitions);
    (*full.current)->put(0, {std::vector<Amounts>{{40, 0}, {0, 200}}, 0});
    (*full.current)->put(1, {std::vector<Amounts>{{0, 0}, {80, 200}}, 1});
    full.planner.emplace(metric(Formula::composite), **full.current, 1'000, full.room->bytes());
    EXPECT_EQ(full.potential(0, {{0, 0}, {40, 200}}, 0).error(), Refusal::no_room);
    EXPECT_EQ(full.potential(0, {{21, 0}, {19, 200}}, 1).error(),
              Refusal::no_room); // 19 are free, and one for the page table is not
    EXPECT_TRUE(full.potential(0, {{22, 0}, {18, 200}}, 1));
    for (const Refusal refusal : {Refusal::no_gain, Refusal::is_protected, Refusal::no_room, Refusal::other_size,
                                  Refusal::too_soon, Refusal::good_enough})
        EXPECT_NE(describe(refusal), "unknown refusal");
}

Request gaining(std::int64_t points, std::uint32_t copies = 40) {
    return {.current = {50'000'000},
            .potential = {(50 + points) * 1'000'000},
            .memory = 40,
            .copies = copies,
            .since_last_move = {},
            .after_last_move = {}};
}

TEST(AffinityRequest, R78_AGainHasToBeWorthItsCost) {
    const Thresholds usual;
    EXPECT_EQ(judge(gaining(10), usual), std::nullopt);
    EXPECT_EQ(judge(gaining(9), usual), Refusal::no_gain);
    EXPECT_EQ(judge(gaining(9, 35), usual), std::nullopt); // 9 * 40 > 10 * 35
    EXPECT_EQ(judge(gaining(5, 19), usual), std::nullopt);
    EXPECT_EQ(judge(gaining(5, 20), usual), Refusal::no_gain);
    EXPECT_EQ(judge(gaining(4, 0), usual), Refusal::no_gain);
    EXPECT_EQ(judge(gaining(0), usual), Refusal::no_gain);
    EXPECT_EQ(judge(gaining(-5), usual), Refusal::no_gain);
}

TEST(AffinityRequest, R78_NotAgainAShortWhileAfter) {
    const Thresholds usual;
    Request request = gaining(20);
    request.since_last_move = 599;
    EXPECT_EQ(judge(request, usual), Refusal::too_soon);
    request.since_last_move = 600;
    EXPECT_EQ(judge(request, usual), std::nullopt);
    // It had almost as much after its last move: what it lost since it would soon lose again.
    request.after_last_move = Score{68'000'000};
    EXPECT_EQ(judge(request, usual), Refusal::no_gain);
    request.after_last_move = Score{67'000'000};
    EXPECT_EQ(judge(request, usual), std::nullopt);
}

TEST(AffinityRequest, R78_WhoLiesWellEnoughIsLeftAlone) {
    Thresholds thresholds;
    thresholds.highest = Score{50'000'000};
    EXPECT_EQ(judge(gaining(20), thresholds), std::nullopt) << "it has 50 points";
    thresholds.highest = Score{49'000'000};
    EXPECT_EQ(judge(gaining(20), thresholds), Refusal::good_enough);
}

} // namespace
} // namespace transom::affinity

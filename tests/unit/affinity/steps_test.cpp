// SPDX-License-Identifier: Apache-2.0
// The way from one allocation to another on nodes that are full.
#include "system.hpp"

#include <gmock/gmock.h>

namespace transom::affinity {
namespace {

struct Given {
    std::vector<Amounts> now, then;
    NodeIndex table_now = 0, table_then = 0;
    std::uint32_t page_table = 1;
};

/// Nodes of so much memory and 4 of processing, and the steps from `now` to `then` of all partitions.
struct Way {
    Way(std::size_t count, std::uint32_t memory, const std::vector<Given>& all) {
        nodes.reset(count, 40);
        for (std::size_t n = 0; n < count; ++n)
            nodes.set_capacity(static_cast<NodeIndex>(n), {memory, 4});
        for (const Given& one : all) {
            Size size{.per_processor = 1, .page_table = one.page_table};
            for (const Amounts& amounts : one.now) {
                size.memory += amounts.memory;
                size.processors += amounts.processing;
            }
            partitions.push_back({.size = size});
        }
        current.emplace(nodes, partitions);
        target.emplace(nodes, partitions);
        for (std::size_t p = 0; p < all.size(); ++p) {
            (*current)->put(p, {all[p].now, all[p].table_now});
            (*target)->put(p, {all[p].then, all[p].table_then});
        }
        EXPECT_TRUE(is_legal(**current, **current));
        EXPECT_TRUE(is_legal(**target, **target));
        room.emplace(Valuation::room_for(count, all.size()) + StepMaker::room_for(count, all.size()));
        valuation.emplace(metric(Formula::composite), **current, room->bytes());
        maker.emplace(*valuation, **target, room->bytes().subspan(Valuation::room_for(count, all.size())));
        made = maker->make(steps);
    }
    bool arrives() const {
        for (std::size_t p = 0; p < partitions.size(); ++p)
            if (!std::ranges::equal(maker->reached().place(p).on, (**target).place(p).on) ||
                maker->reached().place(p).page_table != (**target).place(p).page_table)
                return false;
        return true;
    }
    std::uint32_t copies() const {
        std::uint32_t sum = 0;
        for (const Step& step : made)
            sum += step.copies;
        return sum;
    }

    Nodes nodes;
    std::vector<Partition> partitions;
    std::optional<OwnedAllocation> current, target;
    std::optional<OwnedRoom> room;
    std::optional<Valuation> valuation;
    std::optional<StepMaker> maker;
    std::vector<Step> steps = std::vector<Step>(100);
    std::span<const Step> made;
};

constexpr auto memory = Step::What::memory;

TEST(AffinitySteps, TwoThatChangePlacesOnFullNodesDoSoBlockByBlock) {
    const Way way(2, 10, {{{{9, 1}, {0, 0}}, {{0, 1}, {9, 0}}, 0, 0}, {{{0, 0}, {9, 1}}, {{9, 0}, {0, 1}}, 1, 1}});
    ASSERT_EQ(way.made.size(), 2u);
    EXPECT_TRUE(way.arrives());
    EXPECT_EQ(way.made[0].what, memory);
    EXPECT_TRUE(way.made[0].with_next);
    EXPECT_FALSE(way.made[1].with_next);
    EXPECT_EQ(way.made[0].count, 9u);
    EXPECT_EQ(way.made[0].from, way.made[1].to);
    EXPECT_EQ(way.copies(), 27u); // no block is free: one of each two goes by a third place
}

TEST(AffinitySteps, AFreeBlockSparesTheThirdCopy) {
    const Way way(2, 11, {{{{9, 1}, {0, 0}}, {{0, 1}, {9, 0}}, 0, 0}, {{{0, 0}, {9, 1}}, {{9, 0}, {0, 1}}, 1, 1}});
    EXPECT_TRUE(way.arrives());
    EXPECT_EQ(way.copies(), 18u);
}

TEST(AffinitySteps, WhereThereIsRoomNobodyIsExchanged) {
    const Way way(2, 20, {{{{9, 1}, {0, 0}}, {{0, 1}, {9, 0}}, 0, 0}, {{{0, 0}, {9, 1}}, {{9, 0}, {0, 1}}, 1, 1}});
    EXPECT_TRUE(way.arrives());
    EXPECT_EQ(way.made.size(), 2u);
    EXPECT_FALSE(way.made[0].with_next);
    EXPECT_EQ(way.copies(), 18u);
}

TEST(AffinitySteps, ThreeGoRoundOnFullNodes) {
    const auto at = [](std::size_t node, std::uint32_t home) {
        std::vector<Amounts> on(3);
        on[node].memory = 9;
        on[home].processing = 1;
        return on;
    };
    const Way way(3, 10, {{at(0, 0), at(1, 0), 0, 0}, {at(1, 1), at(2, 1), 1, 1}, {at(2, 2), at(0, 2), 2, 2}});
    EXPECT_TRUE(way.arrives());
    EXPECT_EQ(way.made.size(), 4u); // two exchanges
}

TEST(AffinitySteps, R91_APageTableComesWhereAllIsFull) {
    // Its node is full of another's blocks, two of which take its place.
    const Way way(2, 10,
                  {{{{6, 1}, {0, 0}}, {{6, 1}, {0, 0}}, 1, 0, 2}, {{{3, 0}, {8, 1}}, {{1, 0}, {10, 1}}, 0, 0, 1}});
    EXPECT_TRUE(way.arrives());
    ASSERT_EQ(way.made.size(), 2u);
    EXPECT_EQ(way.made[0].what, Step::What::page_table);
    EXPECT_TRUE(way.made[0].with_next);
    EXPECT_EQ(way.copies(), 4u);
}

TEST(AffinitySteps, ProcessorsThatWaitForEachOtherGetTheirHomesAtOneMoment) {
    const Way way(2, 10, {{{{5, 4}, {0, 0}}, {{5, 0}, {0, 4}}, 0, 0}, {{{0, 0}, {5, 4}}, {{0, 4}, {5, 0}}, 1, 1}});
    EXPECT_TRUE(way.arrives());
    ASSERT_EQ(way.made.size(), 2u);
    EXPECT_EQ(way.made[0].what, Step::What::processors);
    EXPECT_EQ(way.made[0].count, 4u);
    EXPECT_TRUE(way.made[0].with_next);
    EXPECT_FALSE(way.made[1].with_next);
    EXPECT_EQ(way.copies(), 0u);
}

} // namespace
} // namespace transom::affinity

// SPDX-License-Identifier: Apache-2.0
#include "move_fixture.hpp"
#include <transom/migrate/limits.hpp>

namespace transom::test {
namespace {

using migrate::MoveError;
using migrate::MoveState;

/// What whoever orders a move may choose.
class MoveChoice : public Move {};

TEST_F(MoveChoice, ACheckMovesNothing) {
    partition::Partition& p = small();
    there.scrub();
    migrate::MoveOrder checked = order(p);
    checked.check_only = true;
    ASSERT_TRUE(source.start(net, checked));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::checked);
    EXPECT_EQ(target.progress().state, MoveState::checked);
    EXPECT_EQ(source.progress().failure.error, MoveError::none);
    EXPECT_EQ(target_control.created, 1u) << "there is room for it, and it was taken";
    EXPECT_EQ(target_control.discarded, 1u);
    EXPECT_TRUE(runs_here());
    EXPECT_FALSE(source_control.asked);
    EXPECT_EQ(source_control.tracked, nullptr);
    EXPECT_FALSE(source.progress().in_progress());

    ASSERT_TRUE(source.start(net, order(p))) << "and then it moves";
    settle();
    EXPECT_EQ(source.progress().state, MoveState::completed);
    expect_same_memory();
}

TEST_F(MoveChoice, ACheckSaysWhatAMoveWouldFailOf) {
    migrate::MoveOrder checked = order(small());
    checked.check_only = true;
    target_control.refusal = migrate::failure(MoveError::partition_name, "partition-name is in use");
    ASSERT_TRUE(source.start(net, checked));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::refused);
    EXPECT_EQ(source.progress().failure.error, MoveError::partition_name);
    EXPECT_TRUE(runs_here());
}

// Where there is nothing to do for it in time, it goes slowly; the target hears of us all the same.
TEST_F(MoveChoice, TheStreamTakesNoMoreThanItsShare) {
    for (const migrate::MoveMode mode : {migrate::MoveMode::pre_copy, migrate::MoveMode::post_copy}) {
        migrate::MoveOrder slow = order(large());
        slow.mode = mode;
        slow.bandwidth = 40'000'000; // 100 pages of 4 KiB in 10 ms
        ASSERT_TRUE(source.start(net, slow));
        ASSERT_TRUE(until([&] { return source.progress().state == MoveState::completed; }))
            << source.progress().failure.text();
        const std::uint64_t took = source.progress().ended_at - source.progress().agreed_at;
        EXPECT_GT(took, facts.timebase_frequency * 8 / 1000);
        EXPECT_LT(took, facts.timebase_frequency * 14 / 1000);
        expect_same_memory();
    }
}

// What somebody waits for is not held back.
TEST_F(MoveChoice, WhatIsDemandedPaysNoToll) {
    migrate::MoveOrder slow = order(large());
    slow.mode = migrate::MoveMode::post_copy;
    slow.bandwidth = 1'000'000;
    ASSERT_TRUE(source.start(net, slow));
    ASSERT_TRUE(until([&] { return runs_there(); }));
    const std::uint64_t asked = source_control.ticks;
    there.partition->vcpus[0].awaits = 90 * kib(4);
    ASSERT_TRUE(until([&] { return there.partition->memory.here({90 * kib(4)}); }));
    EXPECT_LT(source_control.ticks - asked, facts.timebase_frequency / 1000) << "4 ms for each page";
    EXPECT_GT(target.progress().longest_wait, 0u) << "from the demand to the page";
    EXPECT_LT(target.progress().longest_wait, facts.timebase_frequency / 1000);
    EXPECT_GT(target.progress().wait_99, 0u);
}

// However alive everybody is.
TEST_F(MoveChoice, R104_WhoStandsStillForTooLongGoesOnAtTheSource) {
    source_control.stop_after = 1'000'000;
    ASSERT_TRUE(source.start(net, order(large())));
    ASSERT_TRUE(until([&] { return source_control.asked; }));
    source_control.ticks += (migrate::stop_limit_s - 1) * facts.timebase_frequency;
    source.step(1000);
    EXPECT_TRUE(source.progress().in_progress());
    source_control.ticks += facts.timebase_frequency;
    settle();
    EXPECT_EQ(source.progress().failure.error, MoveError::time_limit) << source.progress().failure.text();
    EXPECT_TRUE(runs_here());
    EXPECT_EQ(source_control.resumed, 1u);
    EXPECT_EQ(target_control.started, 0u);
}

TEST_F(MoveChoice, WhoIsCopiedWhileItStandsStillMayStand) {
    migrate::MoveOrder stopped = order(large());
    stopped.mode = migrate::MoveMode::stop_and_copy;
    ASSERT_TRUE(source.start(net, stopped));
    ASSERT_TRUE(until([&] { return source.progress().state == MoveState::copying; }));
    source_control.ticks += 2 * migrate::stop_limit_s * facts.timebase_frequency;
    settle();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
}

class Throttled : public Move {
  protected:
    /// Its first processor stores to so many pages again and again, as fast as the network carries some of them.
    void store_all() {
        if (source_control.tracked == nullptr)
            return;
        for (std::uint64_t page = 0; page < 100; ++page) {
            here.partition->vcpus[0].toll.granted(1);
            source_control.tracked->raise({page * kib(4)}, kib(4));
            std::ranges::generate(here.granule(page), [this] { return static_cast<std::byte>(random()); });
            source_control.tracked->lower({page * kib(4)}, kib(4));
        }
    }
    migrate::MoveOrder order_with(const migrate::DecisionLimits& limits) {
        migrate::MoveOrder moved = order(large());
        std::ranges::fill(room, 0);
        pages.emplace(here.partition->memory.size(), here.partition->granule, std::as_writable_bytes(std::span(room)),
                      migrate::PageRules{.frequency = facts.timebase_frequency, .decision = limits});
        moved.pages = &*pages;
        return moved;
    }
    std::uint64_t toll(std::uint32_t vcpu) { return here.partition->vcpus[vcpu].toll.each(); }
};

constexpr migrate::DecisionLimits outrun_at_once{
    .mode = migrate::CopyMode::pre_copy, .downtime_ms = 0, .downtime_cap_ms = 0, .passes = 8};

TEST_F(Throttled, WhoStoresTooMuchIsSlowedAndNobodyElse) {
    ASSERT_TRUE(source.start(net, order_with(outrun_at_once)));
    ASSERT_TRUE(until([&] {
        store_all();
        return source.progress().slowed != 0;
    }));
    EXPECT_NE(toll(0), 0u);
    EXPECT_EQ(toll(1), 0u) << "it stores to nothing";
    settle(); // and now nobody does
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(toll(0), 0u);
    expect_same_memory();
}

TEST_F(Throttled, NobodyStaysSlowWhereTheMoveFails) {
    ASSERT_TRUE(source.start(net, order_with(outrun_at_once)));
    ASSERT_TRUE(until([&] {
        store_all();
        return source.progress().slowed != 0;
    }));
    EXPECT_TRUE(source.cancel());
    EXPECT_TRUE(runs_here());
    EXPECT_EQ(toll(0), 0u);
}

TEST_F(Throttled, InHybridNobodyIsSlowed) {
    migrate::DecisionLimits limits = outrun_at_once;
    limits.mode = migrate::CopyMode::hybrid;
    ASSERT_TRUE(source.start(net, order_with(limits)));
    ASSERT_TRUE(until([&] {
        if (!source_control.asked)
            store_all();
        return source_control.asked;
    }));
    EXPECT_EQ(source.progress().slowed, 0u);
}

} // namespace
} // namespace transom::test

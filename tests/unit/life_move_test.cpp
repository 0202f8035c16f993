// SPDX-License-Identifier: Apache-2.0
// Orders of operators about a partition that moves or has moved, and its definition.
#include "life_move_fixture.hpp"

namespace transom::manage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(LifeMoveTest, NoOrderIsCarriedOutOnAPartitionThatMoves) {
    a.define_and_start("linux");
    start_move();
    unsigned refused_at_a = 0, refused_at_b = 0;
    while (a.mover.progress().in_progress()) {
        round();
        if (!a.mover.progress().in_progress())
            break;
        // At each step of it, at both ends.
        ASSERT_THAT(a.orders("linux"), ElementsAre("moving", "moving", "moving", "moving"));
        EXPECT_THAT(a.lines[1], HasSubstr("linux is on its way to another machine"));
        ++refused_at_a;
        const Partition* const there = b.roster.find("linux");
        if (there == nullptr || there->state != PartitionState::empty)
            continue;
        ASSERT_THAT(b.orders("linux"), ElementsAre("moving", "moving", "moving", "no-definition"));
        EXPECT_THAT(b.lines[1], HasSubstr("linux is on its way here from another machine"));
        ++refused_at_b;
    }
    EXPECT_GT(refused_at_a, 10u);
    EXPECT_GT(refused_at_b, 5u);
    go_on();
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_THAT(a.events, IsEmpty());
    EXPECT_THAT(b.events, ElementsAre("arrived linux"));
    EXPECT_THAT(machine.log_, testing::Contains(HasSubstr("linux: it runs on the other machine now")));
    EXPECT_THAT(machine.log_, testing::Contains(HasSubstr("linux: arrived, 16 MiB")));
    EXPECT_TRUE(a.life.definitions().find("linux")->moved_away);
    EXPECT_EQ(a.life.start("linux", false).error().name, "moved-away");
    ASSERT_NE(b.life.definitions().find("linux"), nullptr) << "it has come along";
    EXPECT_TRUE(b.life.reset("linux"));
    go_on();
    expect_started_anew(b, "linux");
    EXPECT_TRUE(b.life.stop("linux", false)) << "it can be started again";
    EXPECT_TRUE(b.life.start("linux", false));
    go_on();
    expect_started_anew(b, "linux");
}

TEST_F(LifeMoveTest, ADefinitionThatComesMakesRoomWhenTheMoveFails) {
    a.define_and_start("linux");
    const Bytes free_at_b = b.frames.total(FrameState::free);
    for (const std::uint64_t cut : {1'200u, 3'000u, 80'000u}) {
        test::fill_with_noise(*a.roster.find("linux"));
        network.cut_forward = cut;
        start_move();
        go_on();
        for (int rounds = 0; rounds < 10; ++rounds)
            round();
        go_on();
        ASSERT_EQ(a.mover.progress().state, MoveState::failed) << cut;
        EXPECT_EQ(b.life.definitions().find("linux"), nullptr);
        EXPECT_EQ(b.frames.total(FrameState::free), free_at_b);
        ASSERT_TRUE(a.life.reset("linux")) << "with its second page table";
        go_on();
    }
    EXPECT_EQ(a.roster.find("linux")->state, PartitionState::running);
    network.cut_forward = ~std::uint64_t{0};
    start_move();
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_NE(b.life.definitions().find("linux"), nullptr);
}

// One that has moved away is kept, and what comes has to be the same.
TEST_F(LifeMoveTest, AnotherPartitionsDefinitionOfThatNameIsInTheWay) {
    a.define_and_start("linux");
    b.define_and_start("linux");
    start_move();
    go_on();
    ASSERT_EQ(a.mover.progress().failure.error, migrate::MoveError::partition_name) << "it runs there";
    ASSERT_TRUE(b.life.stop("linux", false));
    go_on();
    b.life.definitions().find("linux")->moved_away = true; // to a third machine
    start_move();
    go_on();
    ASSERT_EQ(a.mover.progress().failure.error, migrate::MoveError::partition_name);
    EXPECT_THAT(std::string(a.mover.progress().failure.text()), HasSubstr("another partition's definition"));
    EXPECT_EQ(a.roster.find("linux")->state, PartitionState::running);
    ASSERT_TRUE(b.life.remove("linux"));
    start_move();
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

// One whose memory has not all come, and whose source is not there, can be given up; its source is told when it comes.
TEST_F(LifeMoveTest, WhatIsCutOffCanBeStopped) {
    a.define_and_start("linux");
    Partition& here = *a.roster.find("linux");
    for (std::uint64_t page = 0; page < mib(16) / kib(64); ++page)
        ASSERT_TRUE(here.memory.store(LogicalAddr{page * kib(64)}, Be<std::uint64_t>{page + 1}));
    const Bytes free_at_b = b.frames.total(FrameState::free);
    ASSERT_TRUE(
        a.mover.move(network, "linux", {0x0a4d0002}, migrate::migration_port, {.mode = migrate::MoveMode::post_copy}));
    for (int rounds = 0; rounds < 10'000 && b.mover.progress().state != MoveState::post_copying; ++rounds)
        round();
    ASSERT_EQ(b.mover.progress().state, MoveState::post_copying);
    EXPECT_THAT(b.orders("linux"), ElementsAre("moving", "moving", "moving", "moving"));
    EXPECT_THAT(b.lines[1], HasSubstr("linux is still getting its memory from another machine"));
    network.connector().cut = true;
    round();
    round();
    ASSERT_TRUE(b.mover.completes(*b.roster.find("linux")));
    EXPECT_EQ(a.mover.force("linux", migrate::Owner::here).error().error, migrate::MoveError::not_in_doubt)
        << "it has run there";
    ASSERT_TRUE(b.life.stop("linux", true));
    EXPECT_EQ(b.roster.size(), 0u);
    ASSERT_TRUE(b.life.remove("linux")) << "which has come along";
    EXPECT_EQ(b.mover.progress().state, MoveState::completed);
    for (int rounds = 0; rounds < 10'000 && a.mover.progress().in_progress(); ++rounds) {
        machine.advance(test::facts.timebase_frequency / 100);
        round();
    }
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(a.roster.find("linux"), nullptr);
    EXPECT_TRUE(b.mover.digests("linux").empty());
    go_on();
    EXPECT_EQ(b.frames.total(FrameState::free), free_at_b);
}

TEST_F(LifeMoveTest, AResetAfterAMoveTakesTheSecondPageTableAlong) {
    a.define_and_start("linux");
    Partition& here = *a.roster.find("linux");
    test::fill_with_noise(here); // a step does not send all of it
    start_move();
    while (a.mover.progress().state != MoveState::pre_copying && a.mover.progress().in_progress())
        round();
    ASSERT_EQ(a.mover.progress().state, MoveState::pre_copying);
    ASSERT_TRUE(a.mover.cancel());
    ASSERT_TRUE(here.dual->active()) << "its processors would go back first";
    std::byte* const somewhere = arch::real_pointer(here.dual->root().address + 0x1230);
    *somewhere = std::byte{0x77};
    ASSERT_TRUE(a.life.reset("linux"));
    EXPECT_FALSE(here.dual->active());
    EXPECT_FALSE(here.dual->has_memory());
    EXPECT_EQ(*somewhere, std::byte{0x77}) << "nobody goes through it,";
    while (a.life.run() == 0) {}
    EXPECT_EQ(*somewhere, std::byte{0}) << "but it is scrubbed as all that is given back";
    EXPECT_EQ(here.state, PartitionState::running);
    go_on();
    start_move();
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(LifeMoveTest, AfterAMoveThatCameToNothingEverythingIsAsBefore) {
    a.define_and_start("linux");
    const Bytes free_at_b = b.frames.total(FrameState::free);
    start_move();
    for (int rounds = 0; rounds < 1000 && b.roster.size() == 0; ++rounds)
        round();
    ASSERT_EQ(b.roster.size(), 1u);
    EXPECT_TRUE(a.mover.cancel());
    go_on();
    EXPECT_THAT(a.events, IsEmpty());
    EXPECT_THAT(b.events, IsEmpty());
    EXPECT_EQ(b.frames.total(FrameState::free), free_at_b);
    EXPECT_TRUE(a.life.reset("linux"));
    go_on();
    EXPECT_THAT(a.events, ElementsAre("ending linux", "starting linux"));
    EXPECT_TRUE(a.life.stop("linux", false));
    EXPECT_TRUE(a.life.remove("linux"));
    go_on();
    EXPECT_EQ(a.frames.total(FrameState::dirty), 0u);
}

TEST_F(LifeMoveTest, OneThatIsBeingStartedDoesNotMove) {
    a.define_and_start("linux");
    ASSERT_TRUE(a.life.reset("linux"));
    const auto started = a.mover.move(network, "linux", {0x0a4d0002}, migrate::migration_port, {});
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().error, migrate::MoveError::not_running);
    go_on();
    start_move();
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

} // namespace
} // namespace transom::manage

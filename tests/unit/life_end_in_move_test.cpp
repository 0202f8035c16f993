// SPDX-License-Identifier: Apache-2.0
// A partition that ends or reboots of its own will while it moves, or after.
#include "life_move_fixture.hpp"

#include <set>

namespace transom::manage {
namespace {

using testing::ElementsAre;

TEST_F(LifeMoveTest, WhoRebootsAfterAMoveStartsAnewThereAndMovesBack) {
    a.define_and_start("linux");
    const Bytes free_at_b = b.frames.total(FrameState::free);
    start_move();
    go_on();
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_GT(a.mover.progress().definition_bytes, 0u);
    EXPECT_EQ(a.mover.progress().definition_bytes, b.mover.progress().definition_bytes);
    ASSERT_TRUE(b.roster.find("linux")->memory.write({0}, std::array{std::byte{0x77}}));
    reboots(b, "linux");
    go_on();
    expect_started_anew(b, "linux");

    // Back, where it is still defined: nothing of that has to come.
    test::PipeNetwork back;
    ASSERT_TRUE(a.mover.listen(back));
    ASSERT_TRUE(b.mover.move(back, "linux", {0x0a4d0001}, migrate::migration_port, {}));
    for (int rounds = 0; rounds < 100'000 && b.mover.progress().in_progress(); ++rounds) {
        back.pump();
        round();
    }
    ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
    EXPECT_EQ(b.mover.progress().definition_bytes, 0u);
    EXPECT_FALSE(a.life.definitions().find("linux")->moved_away);
    EXPECT_TRUE(b.life.definitions().find("linux")->moved_away);
    reboots(a, "linux");
    go_on();
    expect_started_anew(a, "linux");
    ASSERT_TRUE(b.life.remove("linux"));
    go_on();
    EXPECT_GE(b.frames.total(FrameState::free) + 2 * memory::frame_size, free_at_b) << "all but the digests";
}

// R28: its own reboot, wherever the move is.
TEST_F(LifeMoveTest, R28_ARebootInAnyStateOfTheMoveStartsItAnewWhereItRuns) {
    std::set<std::string> seen;
    for (int after = 0; after < 2000; ++after) {
        LivingTwin &one = a, &other = b;
        if (one.roster.find("linux") == nullptr)
            one.define_and_start("linux");
        test::fill_with_noise(*one.roster.find("linux"));
        one.mover.cancel();
        start_move();
        for (int rounds = 0; rounds < after * 7 && one.mover.progress().in_progress(); ++rounds)
            round();
        if (!one.mover.progress().in_progress())
            break;
        Partition& linux = *one.roster.find("linux");
        if (linux.state != PartitionState::running)
            break; // it stands still, and cannot do anything
        seen.insert(fmt::format("{} {}", migrate::name(one.mover.progress().state), linux.dual->active()));
        reboots(one, "linux");
        EXPECT_EQ(one.mover.progress().failure.error, migrate::MoveError::not_running);
        EXPECT_FALSE(linux.dual->active()) << "the second page table has gone with it";
        go_on();
        expect_started_anew(one, "linux");
        EXPECT_EQ(other.roster.size(), 0u);
        EXPECT_EQ(other.life.definitions().find("linux"), nullptr) << "what had come of it is gone";
        ASSERT_FALSE(HasFailure()) << after;
    }
    EXPECT_THAT(seen, testing::IsSupersetOf({"connecting false", "pre-copying true"}));
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(LifeMoveTest, R28_ARebootAtTheTargetBeforeAllHasComeNeedsNothingMoreOfIt) {
    a.define_and_start("linux");
    test::fill_with_noise(*a.roster.find("linux"));
    ASSERT_TRUE(
        a.mover.move(network, "linux", {0x0a4d0002}, migrate::migration_port, {.mode = migrate::MoveMode::post_copy}));
    for (int rounds = 0; rounds < 10'000 && b.mover.progress().state != MoveState::post_copying; ++rounds)
        round();
    ASSERT_EQ(b.mover.progress().state, MoveState::post_copying);
    ASSERT_GT(b.mover.progress().pages_left, 0u);
    Partition& linux = *b.roster.find("linux");
    ASSERT_TRUE(linux.dual->active()) << "it is on its second page table";
    reboots(b, "linux");
    EXPECT_FALSE(linux.dual->active());
    EXPECT_EQ(b.mover.progress().state, MoveState::completed);
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(a.roster.find("linux"), nullptr);
    expect_started_anew(b, "linux");
    EXPECT_THAT(b.events, ElementsAre("arrived linux", "ending linux", "starting linux"));
}

TEST_F(LifeMoveTest, TheTargetDoesNotEndBeforeTheSourceHasHeardThatItsPartitionHas) {
    post_copy_from_boot();
    ends(b, "linux", partition::StopReason::power_off);
    EXPECT_EQ(b.roster.size(), 0u);
    while (a.mover.progress().state != MoveState::completed) {
        ASSERT_TRUE(a.mover.progress().in_progress()) << a.mover.progress().failure.text();
        ASSERT_FALSE(b.life.over());
        round();
    }
    EXPECT_EQ(a.roster.find("linux"), nullptr);
    round();
    EXPECT_TRUE(b.life.over());
}

TEST_F(LifeMoveTest, TheTargetDoesNotEndBeforeTheSourceCouldConnectAgain) {
    post_copy_from_boot();
    network.connector().cut = true;
    round();
    ends(b, "linux", partition::StopReason::power_off);
    EXPECT_FALSE(b.life.over());
    while (a.mover.progress().state != MoveState::completed) {
        ASSERT_TRUE(a.mover.progress().in_progress()) << a.mover.progress().failure.text();
        ASSERT_FALSE(b.life.over());
        machine.advance(test::facts.timebase_frequency / 100);
        round();
    }
    EXPECT_FALSE(b.life.over()) << "what it says last may get lost";
    machine.advance(migrate::silence_limit_s * test::facts.timebase_frequency);
    EXPECT_TRUE(b.life.over());
}

TEST_F(LifeMoveTest, ASourceThatIsSilentDoesNotKeepTheTargetForEver) {
    post_copy_from_boot();
    ends(b, "linux", partition::StopReason::power_off);
    const std::uint64_t limit = migrate::silence_limit_s * test::facts.timebase_frequency;
    for (int tenths = 0; tenths < 9; ++tenths) { // it is connected, and says nothing
        machine.advance(limit / 10);
        b.mover.run();
        ASSERT_FALSE(b.life.over()) << tenths;
    }
    machine.advance(limit / 10);
    b.mover.run();
    EXPECT_TRUE(b.life.over());
}

TEST_F(LifeMoveTest, OneThatEndsWhileItMovesEndsTheMove) {
    a.define_and_start("linux");
    start_move();
    round();
    Partition& linux = *a.roster.find("linux");
    ASSERT_EQ(linux.state, PartitionState::running) << "nothing is frozen yet";
    linux.stop_reason = partition::StopReason::reboot;
    linux.state = PartitionState::off;
    a.life.ended(linux);
    EXPECT_EQ(a.mover.progress().failure.error, migrate::MoveError::not_running);
    go_on();
    EXPECT_EQ(a.roster.find("linux")->state, PartitionState::running) << "it has started again, here";
    EXPECT_EQ(b.roster.size(), 0u);
    EXPECT_THAT(a.events, ElementsAre("ending linux", "starting linux"));
}

} // namespace
} // namespace transom::manage

// SPDX-License-Identifier: Apache-2.0
// Orders about a partition's life while it moves: two whole machines, but for their boards, on a pipe.
#include "bundle_builder.hpp"
#include "memory_pipe.hpp"
#include "twin_machine.hpp"

#include <algorithm>
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <gmock/gmock.h>
#include <memory>
#include <set>
#include <transom/manage/life_cycle.hpp>

namespace transom::manage {
namespace {

using memory::FrameState;
using migrate::MoveState;
using partition::Partition;
using partition::PartitionState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct LivingTwin final : migrate::TwinMemory, LifeObserver {
    explicit LivingTwin(RealAddr begin) : TwinMemory(begin) {}
    void note(std::string_view what, const Partition& who) { events.push_back(fmt::format("{} {}", what, who.name())); }
    void starting(Partition& who, bool) override { note("starting", who); }
    void ending(Partition& who) override { note("ending", who); }
    void arrived(Partition& who) override { note("arrived", who); }

    void define_and_start(const std::string& name) {
        FdtBuilder fdt;
        const auto bundle = test::bundle_of(fdt, {{name}});
        const auto memory = life.reserve(bundle.size());
        ASSERT_TRUE(memory);
        std::ranges::copy(bundle, memory->begin());
        ASSERT_TRUE(life.define(*memory));
        ASSERT_TRUE(life.start(name, false));
        while (life.run() == 0) {}
        events.clear();
    }
    /// What becomes of each order: the name of the refusal, or nothing.
    std::vector<std::string> orders(std::string_view who) {
        std::vector<std::string> names;
        lines.clear();
        for (const auto& done : {life.start(who, true), life.stop(who, true), life.reset(who), life.remove(who)}) {
            names.emplace_back(done ? "" : done.error().name);
            lines.emplace_back(done ? "" : done.error().line.view());
        }
        return names;
    }

    partition::Resources resources{.frames = frames, .processor = {}, .table_format = hpt::Format::odd};
    partition::Dispatcher dispatcher{512'000'000};
    partition::Roster roster{resources, dispatcher};
    LifeCycle life{roster, frames, mover, *this, true};
    migrate::Mover mover{roster, frames, migrate::twin_facts, life};
    std::vector<std::string> events;
    std::vector<std::string> lines;
};

class LifeMoveTest : public testing::Test {
  protected:
    LifeMoveTest() { EXPECT_TRUE(b.mover.listen(network)); }

    void start_move() { ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migrate::migration_port, {})); }
    void round() {
        machine.advance(100);
        network.pump();
        for (LivingTwin* twin : {&a, &b}) {
            twin->mover.run();
            twin->life.run();
        }
    }
    /// It has its own kernel in its memory, as it had when it was first started.
    void expect_started_anew(LivingTwin& where, std::string_view name) {
        Partition* const partition = where.roster.find(name);
        ASSERT_NE(partition, nullptr);
        EXPECT_EQ(partition->state, PartitionState::running);
        std::array<std::byte, 1> seen{};
        ASSERT_TRUE(partition->memory.read({0}, seen));
        EXPECT_EQ(seen[0], std::byte{0x11});
    }
    /// Of its own will.
    static void ends(LivingTwin& where, std::string_view name, partition::StopReason why) {
        Partition& partition = *where.roster.find(name);
        partition.stop_reason = why;
        partition.state = PartitionState::off;
        where.life.ended(partition);
    }
    static void reboots(LivingTwin& where, std::string_view name) { ends(where, name, partition::StopReason::reboot); }
    /// From a's bundle, which is firmware's; b waits with none.
    void post_copy_from_boot() {
        a.define_and_start("linux");
        a.life.definitions().find("linux")->by_operator = false;
        test::fill_with_noise(*a.roster.find("linux"));
        ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migrate::migration_port,
                                 {.mode = migrate::MoveMode::post_copy}));
        for (int rounds = 0; rounds < 10'000 && b.mover.progress().state != MoveState::post_copying; ++rounds)
            round();
        ASSERT_GT(b.mover.progress().pages_left, 0u);
    }
    void go_on() {
        for (int rounds = 0; rounds < 100'000 && (a.mover.progress().in_progress() || rounds < 10); ++rounds)
            round();
        for (LivingTwin* twin : {&a, &b})
            while (twin->life.run() == 0) {}
    }

    arch::FakeMachine machine{2 * migrate::twin_size};
    LivingTwin a{arch::fake_real_base};
    LivingTwin b{arch::fake_real_base + migrate::twin_size};
    test::PipeNetwork network;
};

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

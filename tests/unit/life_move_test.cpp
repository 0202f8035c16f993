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
    EXPECT_EQ(b.life.stop("linux", false).error().name, "no-definition");
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
    EXPECT_THAT(b.orders("linux"), ElementsAre("moving", "moving", "moving", "no-definition"));
    EXPECT_THAT(b.lines[1], HasSubstr("linux is still getting its memory from another machine"));
    network.connector().cut = true;
    round();
    round();
    ASSERT_TRUE(b.mover.completes(*b.roster.find("linux")));
    EXPECT_EQ(a.mover.force("linux", migrate::Owner::here).error().error, migrate::MoveError::not_in_doubt)
        << "it has run there";
    ASSERT_TRUE(b.life.stop("linux", true));
    EXPECT_EQ(b.roster.size(), 0u);
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

// SPDX-License-Identifier: Apache-2.0
#include "mover_fixture.hpp"
#include <regex>

namespace transom::migrate {
namespace {

TEST_F(MoverTest, MovesAPartitionWithAllItHasAndLeavesNothingBehind) {
    const Bytes free_at_a = a.frames.total(FrameState::free);
    partition::Partition& here = a.build("linux");
    const Be<std::uint64_t> mark = 0x1122334455667788;
    ASSERT_TRUE(here.memory.store(LogicalAddr{mib(9) + 8}, mark));
    const RealAddr was = *here.memory.translate(LogicalAddr{mib(9)});

    ASSERT_TRUE(move("linux"));

    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(b.mover.progress().state, MoveState::completed);
    EXPECT_EQ(a.roster.find("linux"), nullptr);
    partition::Partition* there = b.roster.find("linux");
    ASSERT_NE(there, nullptr);
    EXPECT_EQ(there->state, PartitionState::running);
    EXPECT_EQ(*there->memory.load<Be<std::uint64_t>>(LogicalAddr{mib(9) + 8}), 0x1122334455667788u);
    EXPECT_THAT(a.events, testing::ElementsAre("left linux"));
    EXPECT_THAT(b.events, testing::ElementsAre("arrived linux"));
    // Its memory is scrubbed and free; only the digests stay.
    EXPECT_EQ(load_be<std::uint64_t>(arch::real_pointer(was + 8)), 0u);
    EXPECT_EQ(a.frames.total(FrameState::partition), 0u);
    EXPECT_EQ(a.frames.total(FrameState::free), free_at_a - memory::frame_size);
}

// With its second page table at the target, which is gone when everything is there.
TEST_F(MoverTest, RunsBeforeItsMemoryHasCome) {
    partition::Partition& here = a.build("linux");
    for (std::uint64_t page = 0; page < mib(16) / kib(64); ++page)
        ASSERT_TRUE(here.memory.store(LogicalAddr{page * kib(64)}, Be<std::uint64_t>{page + 1}));
    const Bytes free_at_b = b.frames.total(FrameState::free);
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {.mode = MoveMode::post_copy}));
    while (b.mover.progress().state != MoveState::post_copying && a.mover.progress().in_progress()) {
        machine.advance(100);
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    partition::Partition& there = *b.roster.find("linux");
    ASSERT_EQ(there.state, PartitionState::running);
    EXPECT_EQ(there.dual->phase(), dual::Phase::dual);
    EXPECT_EQ(there.memory.load<Be<std::uint64_t>>(LogicalAddr{mib(15)}).error(), memory::AccessError::missing);
    EXPECT_EQ(there.memory.missed(), LogicalAddr{mib(15)});
    go_on();
    ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(*there.memory.load<Be<std::uint64_t>>(LogicalAddr{mib(15)}), mib(15) / kib(64) + 1);
    EXPECT_FALSE(there.dual->active());
    EXPECT_FALSE(there.dual->has_memory());
    b.end("linux");
    EXPECT_EQ(b.frames.total(FrameState::free), free_at_b - memory::frame_size) << "all but the digests";
}

// It may have to run there before all has come; where it does not, nothing of that is left.
TEST_F(MoverTest, AHybridMoveThatConvergesLeavesNoSecondPageTable) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
    EXPECT_FALSE(b.roster.find("linux")->dual->has_memory());
    EXPECT_EQ(a.roster.table_totals().ended, 1u);
    EXPECT_EQ(a.roster.table_totals().drained, 0u);
    EXPECT_EQ(b.roster.table_totals().ended, 0u);
    EXPECT_EQ(b.mover.progress().rc_mismatches, 0u);
}

TEST_F(MoverTest, WhereTheStatesOfPagesLieSomethingMayHaveBeen) {
    const partition::Partition& p = a.build("linux");
    for (TwinMachine* twin : {&a, &b})
        twin->leave_noise(mib(8));
    ASSERT_TRUE(move(p.name()));
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(b.mover.progress().pages_total, mib(16) / kib(64));
}

TEST_F(MoverTest, R62_ACancelledMoveGivesTheSecondPageTableBack) {
    partition::Partition& here = a.build("linux");
    const Bytes free = a.frames.available();
    test::fill_with_noise(here); // a step does not send all of it
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    while (a.mover.progress().state != MoveState::pre_copying && a.mover.progress().in_progress())
        round();
    ASSERT_EQ(a.mover.progress().state, MoveState::pre_copying);
    EXPECT_TRUE(here.dual->active());
    EXPECT_LT(a.frames.total(FrameState::free), free);
    EXPECT_TRUE(a.mover.cancel());
    EXPECT_TRUE(here.dual->active()) << "its processors go back first";
    const auto again = a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().error, MoveError::busy);
    for (int round = 0; round < 100; ++round)
        a.attendant.run();
    EXPECT_FALSE(here.dual->active());
    EXPECT_EQ(a.roster.table_totals().drained, 1u);
    go_on();
    EXPECT_EQ(a.frames.available(), free);
    EXPECT_EQ(here.state, PartitionState::running);
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(MoverTest, ACheckTakesAndGivesBackAllThatAMoveTakes) {
    partition::Partition& here = a.build("linux");
    go_on();
    const Bytes at_a = a.frames.available(), at_b = b.frames.available();
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {.check_only = true}));
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::checked) << a.mover.progress().failure.text();
    EXPECT_EQ(b.mover.progress().state, MoveState::checked);
    EXPECT_EQ(here.state, PartitionState::running);
    EXPECT_EQ(b.roster.size(), 0u);
    EXPECT_FALSE(here.dual->has_memory());
    EXPECT_EQ(a.frames.available(), at_a);
    EXPECT_EQ(b.frames.available(), at_b);
}

TEST_F(MoverTest, ACheckFindsThatASecondPageTableHasNoRoom) {
    a.build("linux");
    std::vector<RealAddr> taken;
    while (const auto frame = a.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor))
        taken.push_back(*frame);
    for (std::size_t i = 0; i < taken.size(); i += 2) // enough, and nothing in one piece
        a.frames.release({taken[i], memory::frame_size}, FrameState::hypervisor);
    const auto checked = a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {.check_only = true});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().error, MoveError::memory) << checked.error().text();
}

/// What the log says of second page tables: the transition and its time, one after the other.
std::pair<std::vector<std::string>, std::vector<std::uint64_t>> transitions_in(const std::vector<std::string>& log) {
    std::vector<std::string> names;
    std::vector<std::uint64_t> times;
    const std::regex line(
        "partition linux: second page table: (.*) at ([0-9]+) of the time base: [0-9]+ entries, sweep at "
        "group [0-9]+, [0-9]+ faults, [0-9]+ fills, [0-9]+ drained by calls, [0-9]+ by the sweep");
    for (const std::string& said : log)
        if (std::smatch found; std::regex_match(said, found, line)) {
            names.push_back(found[1]);
            times.push_back(std::stoull(found[2]));
        }
    return {names, times};
}

TEST_F(MoverTest, R33_TheLogHasTheTimeOfEachPhase) {
    partition::Partition& here = a.build("linux");
    test::fill_with_noise(here);
    machine.step_ = 1000; // time goes by
    const std::uint64_t began = machine.ticks_;
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    while (a.mover.progress().state != MoveState::pre_copying && a.mover.progress().in_progress())
        round();
    a.attendant.run();
    const std::vector<std::string> in_use = {"begins in phase normal", "phase dual",
                                             "all processors on it in phase dual"};
    EXPECT_EQ(transitions_in(machine.log_).first, in_use) << "it does not wait for the end";
    ASSERT_TRUE(a.mover.cancel());
    for (int round = 0; round < 100; ++round)
        a.attendant.run();
    ASSERT_EQ(a.roster.table_totals().drained, 1u);
    const auto [names, times] = transitions_in(machine.log_);
    EXPECT_THAT(names, testing::ElementsAre(in_use[0], in_use[1], in_use[2], "phase switching", "phase drain",
                                            "phase release", "phase normal"));
    EXPECT_TRUE(std::ranges::is_sorted(times));
    ASSERT_FALSE(times.empty());
    EXPECT_GT(times.front(), began);
    EXPECT_LT(times.back(), machine.ticks_);
}

// At the source, where a move is completed, a second page table goes with its partition.
TEST_F(MoverTest, R33_TheLogSaysThatATableWasAbandoned) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    const auto [names, times] = transitions_in(machine.log_);
    EXPECT_THAT(names, testing::ElementsAre("begins in phase normal", "phase dual",
                                            "all processors on it in phase dual", "abandoned in phase dual"));
    EXPECT_TRUE(std::ranges::is_sorted(times));
}

TEST_F(MoverTest, WhatAPartitionWasOfferedItStillHasAfterTheMove) {
    a.build("linux", true);
    ASSERT_TRUE(move("linux"));
    EXPECT_TRUE(b.roster.find("linux")->hpt.options().large_pages);
}

TEST_F(MoverTest, WhatArrivesIsScrubbedALittleAtATime) {
    a.build("linux");
    machine.step_ = 10'000; // a step takes no more than 25 looks at the clock
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    unsigned steps = 0;
    for (; a.mover.progress().agreed_at == 0 && steps < 1000; ++steps) {
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    EXPECT_GT(steps, 10u);
    EXPECT_LT(steps, 1000u);
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(MoverTest, APartitionThatEndsBeforeItIsStoppedDoesNotMove) {
    partition::Partition& here = a.build("linux");
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    here.state = PartitionState::off; // before anything has happened on the network
    a.mover.ended(here);
    a.roster.destroy(here);
    for (int rounds = 0; rounds < 1000; ++rounds)
        round();
    EXPECT_EQ(a.mover.progress().state, MoveState::failed);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::not_running);
    EXPECT_EQ(a.roster.size() + b.roster.size(), 0u);
}

TEST_F(MoverTest, TheTargetCanCancelToo) {
    a.build("linux");
    EXPECT_FALSE(b.mover.cancel());
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    for (int rounds = 0; rounds < 1000 && b.roster.size() == 0; ++rounds)
        round();
    ASSERT_EQ(b.roster.size(), 1u);
    EXPECT_TRUE(b.mover.cancel());
    EXPECT_EQ(b.roster.size(), 0u);
    go_on();
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::cancelled);
    EXPECT_EQ(a.roster.find("linux")->state, PartitionState::running);
}

TEST_F(MoverTest, OnlyTheOperatorEndsADoubt) {
    // Each time the connection breaks in the last byte of `running`.
    network.cut_backward = 19 * sizeof(RecordHeader) + sizeof(HelloReplyRecord) + round_trips * sizeof(PongRecord) +
                           sizeof(TotalsRecord) + sizeof(RunningRecord) - 1;
    for (const Owner owner : {Owner::here, Owner::peer}) {
        partition::Partition& here = a.build("linux");
        EXPECT_EQ(a.mover.force("linux", owner).error().error, MoveError::not_in_doubt);
        EXPECT_EQ(a.mover.force("nobody", owner).error().error, MoveError::no_such_partition);
        ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
        while (a.mover.progress().in_progress()) {
            round();
            if (here.state == PartitionState::suspended && a.mover.progress().in_progress()) {
                EXPECT_EQ(a.mover.force("linux", owner).error().error, MoveError::not_in_doubt);
            }
        }
        go_on();
        ASSERT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
        ASSERT_EQ(here.state, PartitionState::suspended);

        ASSERT_TRUE(a.mover.force("linux", owner));
        EXPECT_EQ(a.mover.progress().failure.error, MoveError::in_doubt);
        if (owner == Owner::here) {
            EXPECT_EQ(a.mover.progress().state, MoveState::failed);
            EXPECT_EQ(a.roster.find("linux"), &here);
            EXPECT_EQ(here.state, PartitionState::running);
            EXPECT_EQ(a.mover.force("linux", owner).error().error, MoveError::not_in_doubt);
            a.end("linux");
            b.end("linux");
        } else {
            EXPECT_EQ(a.mover.progress().state, MoveState::confirming) << "it is still here";
            go_on();
            EXPECT_EQ(a.mover.progress().state, MoveState::completed);
            EXPECT_EQ(a.roster.find("linux"), nullptr);
            EXPECT_EQ(a.mover.digests("linux").size(), mib(16) / kib(64));
            EXPECT_THAT(a.events, testing::ElementsAre("left linux"));
        }
    }
}

TEST_F(MoverTest, WhatIsNotThereCannotMove) {
    const auto started = move("linux");
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().error, MoveError::no_such_partition);
}

TEST_F(MoverTest, MovesBackAgain) {
    partition::Partition& first = a.build("linux");
    ASSERT_TRUE(first.memory.store(LogicalAddr{mib(3)}, Be<std::uint64_t>(42)));
    ASSERT_TRUE(move("linux"));
    ASSERT_TRUE(a.mover.listen(network)); // the pipe leads to the one that listened last
    ASSERT_TRUE(b.mover.move(network, "linux", {0x0a4d0001}, migration_port, {}));
    go_on();
    partition::Partition* back = a.roster.find("linux");
    ASSERT_NE(back, nullptr);
    EXPECT_EQ(b.roster.size(), 0u);
    EXPECT_EQ(*back->memory.load<Be<std::uint64_t>>(LogicalAddr{mib(3)}), 42u);
    EXPECT_EQ(a.mover.progress().role, Role::target);
    EXPECT_EQ(b.mover.progress().role, Role::source);
}

} // namespace
} // namespace transom::migrate

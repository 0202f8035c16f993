// SPDX-License-Identifier: Apache-2.0
#include "dispatcher_fixture.hpp"

namespace transom::partition {
namespace {

TEST_F(DispatcherTest, RunsTasksBetweenSlicesOfAReadyProcessor) {
    dispatcher.run_once();
    dispatcher.run_once();
    EXPECT_THAT(slices, testing::ElementsAre(frequency / 1000, frequency / 1000));
    EXPECT_EQ(task.runs, 2);
    EXPECT_EQ(world.slept, 0u);
    EXPECT_EQ(dispatcher.guest_ticks(), 2 * frequency / 1000);
}

TEST_F(DispatcherTest, ACededProcessorSleepsUntilItsDecrementerAndThenRuns) {
    cede = true;
    dispatcher.run_once();
    ASSERT_EQ(slices.size(), 1u);
    vcpu.decrementer_expiry = machine.ticks_ + 1000;
    dispatcher.run_once();
    EXPECT_EQ(slices.size(), 1u);
    EXPECT_EQ(world.slept, 1000u);
    dispatcher.run_once();
    EXPECT_EQ(slices.size(), 2u);
}

TEST_F(DispatcherTest, AProdEndsACedeOnce) {
    cede = true;
    dispatcher.run_once();
    vcpu.decrementer_expiry = machine.ticks_ + frequency;
    vcpu.prodded = true;
    dispatcher.run_once();
    EXPECT_EQ(slices.size(), 2u);
    EXPECT_FALSE(vcpu.prodded);
    dispatcher.run_once();
    EXPECT_EQ(slices.size(), 2u);
}

TEST_F(DispatcherTest, WithInterruptsOffOnlyAProdEndsAWait) {
    for (const VcpuState state : {VcpuState::ceded, VcpuState::joined}) {
        vcpu.state = state;
        vcpu.registers.msr = 0;
        vcpu.presentation = {.cppr = 0xff, .mfrr = 4};
        vcpu.decrementer_expiry = machine.ticks_;
        EXPECT_FALSE(wants_to_run(vcpu, machine.ticks_));
        vcpu.prodded = true;
        EXPECT_TRUE(wants_to_run(vcpu, machine.ticks_));
        EXPECT_FALSE(vcpu.prodded);
    }
}

TEST_F(DispatcherTest, APartitionIsOutOnceWhoRunsItHasLeft) {
    std::uint64_t kicked = 0;
    while_inside = [&] {
        vcpu.on = 2; // as if another processor ran it
        partition->state = PartitionState::suspended;
        EXPECT_FALSE(dispatcher.is_out(*partition));
        kicked = world.kicked;
    };
    dispatcher.run_once();
    EXPECT_EQ(kicked, 1u << 2);
    EXPECT_TRUE(dispatcher.is_out(*partition));
    dispatcher.run_once();
    EXPECT_EQ(slices.size(), 1u);
}

TEST_F(DispatcherTest, ASuspendedPartitionDoesNotRun) {
    partition->state = PartitionState::suspended;
    dispatcher.run_once();
    EXPECT_TRUE(slices.empty());
}

TEST_F(DispatcherTest, ARemovedPartitionDoesNotRun) {
    partition->state = PartitionState::off;
    dispatcher.remove(*partition);
    partition->state = PartitionState::running;
    dispatcher.run_once();
    EXPECT_TRUE(slices.empty());
}

TEST_F(DispatcherTest, NobodyTakesAwayAPartitionThatRuns) {
    EXPECT_DEATH(dispatcher.remove(*partition), "while it runs");
}

TEST_F(DispatcherTest, TheDecrementerCountsInThePartitionsTime) {
    partition->timebase_offset = std::uint64_t{5} << 24;
    vcpu.state = VcpuState::ceded;
    vcpu.registers.msr |= msr::ee;
    vcpu.decrementer_expiry = machine.ticks_ + partition->timebase_offset + 10;
    dispatcher.run_once();
    EXPECT_TRUE(slices.empty());
    EXPECT_EQ(world.slept, 10u);
    dispatcher.run_once();
    EXPECT_EQ(slices.size(), 1u);
}

} // namespace
} // namespace transom::partition

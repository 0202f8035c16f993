// SPDX-License-Identifier: Apache-2.0
#include "dispatcher_fixture.hpp"

#include <transom/partition/deliver.hpp>

namespace transom::partition {
namespace {

TEST_F(DispatcherTest, AnEventKicksWhoRunsItsVirtualProcessorOrWhoSleeps) {
    alert(vcpu);
    EXPECT_EQ(world.kicked, 0u) << "nobody sleeps";
    vcpu.on = 3;
    alert(vcpu);
    EXPECT_EQ(world.kicked, 1u << 3);
    world.kicked = 0;
    vcpu.on = arch::processor_index();
    alert(vcpu);
    EXPECT_EQ(world.kicked, 0u) << "it is this one";
    vcpu.on = Vcpu::nowhere;
    std::thread([&] {
        arch::set_processor_index(5);
        dispatcher.pool().sleepers.add_self();
    }).join();
    alert(vcpu);
    EXPECT_EQ(world.kicked, 1u << 5);
    world.kicked = 0;
    alert(vcpu);
    EXPECT_EQ(world.kicked, 0u) << "it is awake already";
}

TEST_F(DispatcherTest, WhoIsAboutToSleepLooksOnceMore) {
    // What becomes ready while the processor says that it sleeps is found, or ends the sleep.
    vcpu.state = VcpuState::stopped;
    world.while_idle = [&] {
        EXPECT_EQ(world.kicked, 0u);
        vcpu.state = VcpuState::ready;
        as_processor(1, [&] { alert(vcpu); });
        EXPECT_EQ(world.kicked, 1u) << "this processor is kicked out of its sleep";
    };
    task.next = 100;
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 100u);
    dispatcher.run_once();
    EXPECT_EQ(slices.size(), 1u);
}

TEST_F(DispatcherTest, WhoWasChosenForSomethingElseThanItFoundPassesItOn) {
    auto other = std::make_unique<Partition>();
    other->state = PartitionState::running;
    other->vcpu_count = 1;
    other->share.claim.entitled = 10;
    other->vcpus[0].partition = other.get();
    other->vcpus[0].state = VcpuState::stopped;
    dispatcher.add(*other);
    vcpu.state = VcpuState::stopped;
    as_processor(5, [&] { dispatcher.pool().sleepers.add_self(); });
    // Between its two looks somebody gets ready, whom it finds; and then somebody else, for whom it is chosen.
    as_processor(7, [&] {
        dispatcher.pool().sleepers.add_self();
        vcpu.state = VcpuState::ready;
        dispatcher.pool().sleepers.wake_one();
        EXPECT_EQ(world.kicked, 1u << 5) << "not itself";
    });
    world.kicked = 0;
    while_inside = [&] { EXPECT_EQ(world.kicked, 0u) << "nobody else sleeps"; };
    as_processor(7, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(slices.size(), 1u);
    other->state = PartitionState::off;
    dispatcher.remove(*other);
}

TEST_F(DispatcherTest, ASleeperHearsOfADecrementerThatPassesWithinATurn) {
    partition->vcpu_count = 2;
    partition->state = PartitionState::suspended;
    dispatcher.remove(*partition);
    partition->share.contenders.clear();
    partition->state = PartitionState::running;
    Vcpu& waiting = partition->vcpus[1];
    waiting.partition = partition.get();
    waiting.state = VcpuState::ceded;
    waiting.registers.msr = msr::ee;
    dispatcher.add(*partition);
    std::uint64_t kicked = 0;
    while_inside = [&] { kicked = world.kicked; };
    const auto kicked_by_a_turn = [&](std::uint64_t ticks) {
        as_processor(5, [&] { dispatcher.pool().sleepers.add_self(); });
        world.kicked = 0;
        waiting.decrementer_expiry = machine.ticks_ + ticks;
        dispatcher.run_once();
        return kicked;
    };
    EXPECT_EQ(kicked_by_a_turn(frequency), 0u) << "this processor is through by then";
    EXPECT_EQ(kicked_by_a_turn(frequency / 2000), 1u << 5);
}

TEST_F(DispatcherTest, ATaskWithMoreToDoKeepsTheMachineAwake) {
    cede = true;
    dispatcher.run_once();
    vcpu.decrementer_expiry = machine.ticks_ + frequency;
    task.next = 0;
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 0u);
    task.next = 77;
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 77u);
}

TEST_F(DispatcherTest, TheBootProcessorSleepsAsLongAsItsTasksLetIt) {
    vcpu.state = VcpuState::stopped;
    task.next = 50 * frequency / 1000;
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 50 * frequency / 1000);
    EXPECT_EQ(dispatcher.pool().sleeps, 1u);
    EXPECT_EQ(dispatcher.pool().wakes_by_interrupt, 0u);
    world.while_idle = [&] { ++world.device_interrupts; };
    dispatcher.run_once();
    EXPECT_EQ(dispatcher.pool().sleeps, 2u);
    EXPECT_EQ(dispatcher.pool().wakes_by_interrupt, 1u);
    EXPECT_EQ(task.runs, 2);
}

TEST_F(DispatcherTest, WorkForTheTasksWakesTheBootProcessor) {
    vcpu.state = VcpuState::stopped;
    task.next = 100;
    world.while_idle = [&] {
        EXPECT_EQ(world.kicked, 0u);
        dispatcher.pool().sleepers.wake_for_tasks();
        EXPECT_EQ(world.kicked, 1u);
    };
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 100u);
}

TEST_F(DispatcherTest, WorkThatComesWhileTheTasksRunIsNotSleptOver) {
    vcpu.state = VcpuState::stopped;
    task.next = 100;
    task.while_it_runs = [&] { dispatcher.pool().sleepers.wake_for_tasks(); };
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 0u);
    EXPECT_EQ(world.kicked, 0u) << "it is awake";
    task.while_it_runs = nullptr;
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 100u);
}

TEST_F(DispatcherTest, APartitionThatEndsIsWorkForTheTasks) {
    while_inside = [&] { partition->state = PartitionState::off; };
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    task.next = 100;
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 0u) << "whoever calls it has not looked yet";
    dispatcher.run_once();
    EXPECT_EQ(world.slept, 100u);
}

} // namespace
} // namespace transom::partition

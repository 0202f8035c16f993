// SPDX-License-Identifier: Apache-2.0
#include "dispatcher_fixture.hpp"

#include <transom/partition/deliver.hpp>

namespace transom::partition {
namespace {

/// A partition with a processor of its own, the last of two.
class DedicatedTest : public DispatcherTest {
  protected:
    DedicatedTest() {
        dispatcher.set_processors(2);
        partition->state = PartitionState::suspended;
        dispatcher.remove(*partition); // shares, where a test wants it to
        own->state = PartitionState::running;
        own->vcpu_count = 1;
        own->vcpus[0].partition = own.get();
        own->vcpus[0].state = VcpuState::ready;
    }
    ~DedicatedTest() override {
        own->state = PartitionState::off;
        dispatcher.remove(*own);
    }
    void add(Processors processors) {
        own->share.claim = {.entitled = 100, .weight = 0, .capped = true, .processors = processors};
        dispatcher.add(*own);
        partition->share.claim.entitled = 50;
        partition->state = PartitionState::running;
        dispatcher.add(*partition);
    }
    /// Its virtual processor runs for `ticks` and then waits for its decrementer, which passes zero `later`.
    void run_and_wait(std::uint64_t ticks, std::uint64_t later) {
        world_run = [=, this](Vcpu& entered, std::uint64_t slice) {
            const bool owner = &entered == &own->vcpus[0];
            machine.advance(owner ? ticks : slice);
            runs[&entered] += owner ? ticks : slice;
            if (!owner)
                return;
            entered.state = VcpuState::ceded;
            entered.registers.msr |= msr::ee;
            entered.decrementer_expiry = machine.ticks_ + later;
        };
        as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
        EXPECT_EQ(std::exchange(runs[&own->vcpus[0]], 0), ticks);
    }

    std::unique_ptr<Partition> own = std::make_unique<Partition>();
};

TEST_F(DedicatedTest, RunsOnItsOwnProcessorAndTheOthersElsewhere) {
    add(Processors::dedicated);
    EXPECT_EQ(world.kicked, 1u << 1) << "its processor looks at once";
    dispatcher.run_once();
    EXPECT_EQ(runs.size(), 1u);
    EXPECT_TRUE(runs.contains(&vcpu)) << "the boot processor is nobody's";
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(std::exchange(runs[&own->vcpus[0]], 0), frequency / 100) << "a whole window at a time";
    // While it waits its processor does nothing else, and nobody who looks for one finds it.
    run_and_wait(50, 1000);
    runs.clear();
    world.while_idle = [&] {
        world.kicked = 0;
        as_processor(0, [&] { dispatcher.pool().sleepers.wake_one(); });
        EXPECT_EQ(world.kicked, 0u);
        own->vcpus[0].prodded = true;
        as_processor(0, [&] { alert(own->vcpus[0]); });
        own->vcpus[0].prodded = false;
        EXPECT_EQ(world.kicked, 1u << 1);
    };
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_TRUE(runs.empty());
    EXPECT_EQ(world.slept, 1000u);
    EXPECT_EQ(dispatcher.pool().idle_ticks, 0u) << "that is not the pool's";
}

TEST_F(DedicatedTest, LendsItsProcessorUntilItWantsItBack) {
    own->vcpus[0].state = VcpuState::stopped;
    add(Processors::donating);
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(std::exchange(runs[&vcpu], 0), frequency / 400) << "a turn of the pool's: one that is stopped lends";
    EXPECT_EQ(own->vcpus[0].contender.lent, frequency / 400);
    own->vcpus[0].state = VcpuState::ready;
    run_and_wait(50, frequency / 1000);
    EXPECT_EQ(own->vcpus[0].contender.lent, 0u) << "told";
    // Its decrementer ends the others' turn.
    own->vcpus[0].contender.lends = true;
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(std::exchange(runs[&vcpu], 0), frequency / 1000);
    run_and_wait(50, frequency);
    // A kick ends it too: what is left of the turn is not for who had it.
    own->vcpus[0].contender.lends = true;
    world_run = [&](Vcpu& entered, std::uint64_t) {
        runs[&entered] += 10;
        machine.advance(10);
        own->vcpus[0].prodded = true;
    };
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(runs[&vcpu], 10u);
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(runs[&own->vcpus[0]], 10u);
}

TEST_F(DedicatedTest, WhatDoesNotWakeItDoesNotDriveOthersOut) {
    add(Processors::donating);
    Vcpu& target = own->vcpus[0];
    target.state = VcpuState::joined;
    target.registers.msr &= ~msr::ee;
    world.kicked = 0;
    alert(target);
    EXPECT_EQ(world.kicked, 0u);
    target.state = VcpuState::stopped;
    target.registers.msr |= msr::ee;
    alert(target);
    EXPECT_EQ(world.kicked, 0u) << "it has not been started";
    target.state = VcpuState::ceded;
    alert(target);
    EXPECT_EQ(world.kicked, 0u) << "nothing waits for it";
    target.prodded = true;
    alert(target);
    EXPECT_EQ(world.kicked, 1u << 1);
}

TEST_F(DedicatedTest, WhoRunsThereWhenItGetsItsProcessorDoesNotGoOn) {
    partition->state = PartitionState::running;
    partition->share.claim.entitled = 50;
    dispatcher.add(*partition);
    own->share.claim = {.entitled = 100, .weight = 0, .capped = true, .processors = Processors::dedicated};
    world_run = [&](Vcpu& entered, std::uint64_t) {
        machine.advance(10);
        runs[&entered] += 10;
        if (&entered == &vcpu && own->pool != &dispatcher.pool())
            as_processor(0, [&] { dispatcher.add(*own); });
    };
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(runs[&vcpu], 10u);
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(runs[&own->vcpus[0]], 10u);
}

TEST_F(DedicatedTest, KeepsItWhereItDoesNotSaySo) {
    add(Processors::donating);
    run_and_wait(10, 1000);
    EXPECT_FALSE(own->vcpus[0].contender.lends) << "it has registered no VPA that says so";
    world.kicked = 0;
    own->state = PartitionState::off;
    dispatcher.remove(*own);
    EXPECT_EQ(world.kicked, 1u << 1) << "it is everybody's now";
    as_processor(1, [&] { dispatcher.run_turn_or_sleep(); });
    EXPECT_EQ(runs[&vcpu], frequency / 400);
}

} // namespace
} // namespace transom::partition

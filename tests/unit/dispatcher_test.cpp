// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <arch/fake_world.hpp>
#include <arch/processors.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <map>
#include <memory>
#include <thread>
#include <transom/partition/deliver.hpp>
#include <transom/partition/dispatcher.hpp>
#include <transom/partition/msr.hpp>
#include <utility>

namespace transom::partition {
namespace {

constexpr std::uint64_t frequency = 512'000'000;

/// Wants to run again after `next` ticks.
class CountingTask final : public Task {
  public:
    std::uint64_t run() override {
        ++runs;
        if (while_it_runs)
            while_it_runs();
        return next;
    }
    std::function<void()> while_it_runs;
    std::uint64_t next = ~std::uint64_t{0};
    int runs = 0;
};

void as_processor(std::uint32_t index, const std::function<void()>& with) {
    std::thread([&] {
        arch::set_processor_index(index);
        with();
    }).join();
}

class DispatcherTest : public testing::Test {
  protected:
    DispatcherTest() {
        partition->state = PartitionState::running;
        partition->vcpu_count = 1;
        partition->share.claim.entitled = 10;
        vcpu.partition = partition.get();
        vcpu.state = VcpuState::ready;
        dispatcher.add(*partition);
        dispatcher.add(task);
    }

    void play(Vcpu& entered, std::uint64_t slice) {
        if (world_run)
            return world_run(entered, slice);
        slices.push_back(slice);
        runs[&entered] += slice;
        entered.areas.vpa = registered;
        if (while_inside)
            while_inside();
        if (cede) {
            entered.state = VcpuState::ceded;
            entered.registers.msr |= msr::ee;
        }
        machine.advance(slice);
    }

    arch::FakeMachine machine{mib(1)};
    arch::FakeWorld world{[this](Vcpu& entered, std::uint64_t slice) { play(entered, slice); }};
    std::unique_ptr<Partition> partition = std::make_unique<Partition>();
    Vcpu& vcpu = partition->vcpus[0];
    Dispatcher dispatcher{frequency};
    CountingTask task;
    std::function<void()> while_inside;
    std::function<void(Vcpu&, std::uint64_t)> world_run; // instead of what play() does
    std::vector<std::uint64_t> slices;
    std::map<const Vcpu*, std::uint64_t> runs; // ticks
    LogicalRange registered;                   // by the partition, whenever it runs
    bool cede = false;
};

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

TEST_F(DispatcherTest, ThePoolKnowsHowIdleItWas) {
    EXPECT_EQ(partition->pool, &dispatcher.pool());
    cede = true;
    dispatcher.run_once();
    EXPECT_EQ(dispatcher.pool().idle_ticks, 0u);
    vcpu.decrementer_expiry = machine.ticks_ + 1000;
    dispatcher.run_once();
    EXPECT_EQ(dispatcher.pool().idle_ticks, 1000u);
    partition->state = PartitionState::off;
    dispatcher.remove(*partition);
    EXPECT_NE(partition->pool, &dispatcher.pool());
}

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

TEST_F(DispatcherTest, ACappedPartitionGetsItsCapAndTheMachineSleepsMeanwhile) {
    partition->state = PartitionState::suspended;
    dispatcher.remove(*partition);
    partition->share.claim = {.entitled = 30, .capped = true};
    partition->state = PartitionState::running;
    dispatcher.add(*partition);
    const std::uint64_t begin = machine.ticks_, before = dispatcher.guest_ticks();
    while (machine.ticks_ < begin + frequency)
        dispatcher.run_once();
    EXPECT_NEAR(static_cast<double>(dispatcher.guest_ticks() - before), 0.3 * frequency, 0.01 * frequency);
    EXPECT_NEAR(static_cast<double>(world.slept), 0.7 * frequency, 0.01 * frequency);
}

TEST_F(DispatcherTest, TwoPartitionsShareByTheirClaims) {
    auto other = std::make_unique<Partition>();
    other->state = PartitionState::running;
    other->vcpu_count = 2;
    other->share.claim = {.entitled = 10, .weight = 255};
    for (Vcpu* each : {&other->vcpus[0], &other->vcpus[1]}) {
        each->partition = other.get();
        each->state = VcpuState::ready;
    }
    partition->state = PartitionState::suspended;
    dispatcher.remove(*partition);
    partition->share.claim = {.entitled = 10, .weight = 85};
    partition->state = PartitionState::running;
    dispatcher.add(*partition);
    dispatcher.add(*other);
    runs.clear();
    for (int i = 0; i < 10000; ++i)
        dispatcher.run_once();
    EXPECT_NEAR(static_cast<double>(runs[&vcpu]) / static_cast<double>(machine.ticks_), 0.1 + 0.8 / 4, 0.005);
    EXPECT_NEAR(static_cast<double>(runs[&other->vcpus[0]]) / static_cast<double>(machine.ticks_), 0.05 + 0.8 * 3 / 8,
                0.005);
    other->state = PartitionState::off;
    dispatcher.remove(*other);
}

TEST_F(DispatcherTest, AConferredTurnGoesOnWithItsTarget) {
    Vcpu& target = partition->vcpus[1];
    target.partition = partition.get();
    target.index = 1;
    target.state = VcpuState::ready;
    partition->state = PartitionState::suspended;
    dispatcher.remove(*partition);
    partition->vcpu_count = 2;
    partition->state = PartitionState::running;
    dispatcher.add(*partition);
    bool confer = true;
    std::vector<const Vcpu*> order;
    world_run = [&](Vcpu& entered, std::uint64_t slice) {
        order.push_back(&entered);
        slices.push_back(slice);
        if (std::exchange(confer, false)) {
            entered.confers_to = entered.index == 0 ? 1 : 0;
            machine.advance(1000);
        } else {
            machine.advance(slice);
        }
    };
    dispatcher.run_once();
    ASSERT_EQ(order.size(), 2u) << "in one round";
    EXPECT_NE(order[0], order[1]);
    EXPECT_THAT(slices, testing::ElementsAre(frequency / 1000, frequency / 1000 - 1000));
    EXPECT_EQ(order[0]->confers_to, Vcpu::nowhere);
    EXPECT_EQ(vcpu.on, Vcpu::nowhere);
    EXPECT_EQ(target.on, Vcpu::nowhere);

    target.state = VcpuState::stopped;
    vcpu.state = VcpuState::ready;
    confer = false;
    while (target.contender.state == Contender::State::ready)
        dispatcher.run_once(); // its last turn
    order.clear();
    confer = true;
    dispatcher.run_once();
    EXPECT_THAT(order, testing::ElementsAre(&vcpu)) << "nobody can take it";
}

TEST_F(DispatcherTest, AnInterruptThatIsHeldBackShortensTheTurnOnlyWhereNobodyElsePresentsIt) {
    vcpu.presentation = {.cppr = 0xff, .mfrr = 4};
    dispatcher.run_once();
    world.presents_external = true;
    dispatcher.run_once();
    // Together a turn's worth: that is what the partition is entitled to in a window.
    EXPECT_THAT(slices, testing::ElementsAre(frequency / 20'000, frequency / 1000 - frequency / 20'000));
    EXPECT_EQ(world.external_raised, 0);
}

TEST_F(DispatcherTest, APreemptionThatCannotBeCountedIsMadeUpForByTheNextDispatch) {
    registered = {{0}, 640}; // there is no memory
    dispatcher.run_once();
    EXPECT_EQ(vcpu.areas.dispatch_counter, 2u);
    EXPECT_EQ(vcpu.areas.preempt_reason, PreemptReason::none);
    registered = vcpu.areas.vpa = {};
    dispatcher.run_once();
    EXPECT_EQ(slices.size(), 2u);
    EXPECT_EQ(vcpu.areas.dispatch_counter, 5u);
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

TEST_F(DispatcherTest, ManyPartitionsComeAndGoInAnyOrder) {
    std::vector<std::unique_ptr<Partition>> many;
    for (int i = 0; i < 20; ++i) {
        Partition& one = *many.emplace_back(std::make_unique<Partition>());
        one.state = PartitionState::running;
        one.vcpu_count = 1;
        one.share.claim.entitled = 5;
        one.vcpus[0].partition = &one;
        one.vcpus[0].state = VcpuState::ready;
        dispatcher.add(one);
    }
    const auto run_for_a_second = [&] {
        runs.clear();
        for (const std::uint64_t begin = machine.ticks_; machine.ticks_ < begin + frequency;)
            dispatcher.run_once();
    };
    run_for_a_second();
    EXPECT_EQ(runs.size(), 21u);
    for (const std::size_t gone : {19, 0, 7}) {
        many[gone]->state = PartitionState::off;
        dispatcher.remove(*many[gone]);
    }
    run_for_a_second();
    EXPECT_EQ(runs.size(), 18u);
    for (std::size_t i = 0; i < many.size(); ++i)
        EXPECT_EQ(runs.contains(&many[i]->vcpus[0]), i != 19 && i != 0 && i != 7) << i;
    for (const auto& one : many) {
        one->state = PartitionState::off;
        dispatcher.remove(*one);
    }
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

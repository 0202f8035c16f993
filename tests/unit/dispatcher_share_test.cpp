// SPDX-License-Identifier: Apache-2.0
#include "dispatcher_fixture.hpp"

namespace transom::partition {
namespace {

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

} // namespace
} // namespace transom::partition

// SPDX-License-Identifier: Apache-2.0
#include "two_nodes.hpp"

#include <array>
#include <papr/vpa.hpp>
#include <transom/relocate/home_change.hpp>

// Partitions are reallocated among the nodes of a machine, step by step, while they run: section 4 of the design.

namespace transom::relocate {
namespace {

using affinity::Formula;
using memory::FrameState;
using partition::PartitionState;

constexpr affinity::Score full = affinity::full_score;

class ReallocatorTest : public testing::Test {
  protected:
    partition::Partition& build(std::string_view name, std::uint32_t memory_node, std::uint32_t processor_node) {
        partition::Partition& built = two.build(name, memory_node, processor_node);
        begun_with = twin.frames.available();
        return built;
    }
    affinity::NodeIndex memory_node(const partition::Partition& p) const {
        return node_of(two.topology, p.memory.block(0));
    }
    affinity::NodeIndex table_node(const partition::Partition& p) const {
        return node_of(two.topology, p.hpt.address());
    }

    arch::FakeMachine machine{test::TwoNodes::size};
    test::TwoNodes two;
    migrate::TwinMachine& twin = two.twin;
    Reallocator& reallocator = two.reallocator;
    Bytes begun_with = 0;
};

TEST_F(ReallocatorTest, PartitionsAreBuiltWhereTheyAreToBe) {
    const partition::Partition& far = build("far", 1, 0);
    EXPECT_EQ(memory_node(far), 1);
    EXPECT_EQ(table_node(far), 1);
    EXPECT_EQ(far.vcpus[0].home, 0);
    reallocator.standing().look();
    const affinity::Metric& composite = affinity::metric(Formula::composite);
    EXPECT_LT(*reallocator.standing().score(composite, far), full);
    EXPECT_EQ(reallocator.standing().score(affinity::metric(Formula::claimed), far)->millionths, 0);
}

TEST_F(ReallocatorTest, R71_WhatItAsksForComesAboutAsPredicted) {
    partition::Partition& far = build("far", 1, 0);
    std::vector<std::byte> before(mib(16)), after(mib(16));
    ASSERT_TRUE(far.memory.read({0}, before).has_value());
    ASSERT_TRUE(reallocator.request({.partition = &far, .worth = affinity::Thresholds{}}).has_value());
    const JobReport& job = two.go_on();
    EXPECT_EQ(job.state, JobState::done) << describe(job.failure);
    EXPECT_LT(*job.before, full);
    EXPECT_EQ(job.predicted, full);
    EXPECT_EQ(job.after, full) << "R75";
    EXPECT_EQ(far.vcpus[0].home, memory_node(far)) << "whichever of them went to the other";
    EXPECT_EQ(table_node(far), memory_node(far));
    EXPECT_EQ(twin.frames.available(), begun_with);
    ASSERT_TRUE(far.memory.read({0}, after).has_value());
    EXPECT_TRUE(before == after);
    EXPECT_EQ(far.dual->phase(), dual::Phase::normal);
}

TEST_F(ReallocatorTest, R86_WhoHasArrivedIsPutWhereItIsBetter) {
    const partition::Partition& far = build("far", 1, 0);
    reallocator.arrived();
    EXPECT_EQ(two.go_on().state, JobState::done);
    EXPECT_EQ(far.vcpus[0].home, memory_node(far));
    EXPECT_EQ(reallocator.report().after, full);
    reallocator.arrived();
    EXPECT_EQ(two.go_on().state, JobState::refused) << "nothing is to be gained";
}

TEST_F(ReallocatorTest, R73_WhoLiesWellStays) {
    partition::Partition& near = build("near", 0, 0);
    ASSERT_TRUE(reallocator.request({.partition = &near}).has_value());
    const JobReport& job = two.go_on();
    EXPECT_EQ(job.state, JobState::refused);
    EXPECT_EQ(job.refusal, affinity::Refusal::no_gain);
    EXPECT_EQ(job.before, full);
    EXPECT_EQ(job.costs.blocks, 0u);
}

TEST_F(ReallocatorTest, AnOperatorSendsItToANodeAndBack) {
    partition::Partition& p = build("linux", 0, 0);
    for (const affinity::NodeIndex to : std::to_array<affinity::NodeIndex>({1, 0, 1})) {
        ASSERT_TRUE(reallocator.request({.partition = &p, .to = to}).has_value());
        EXPECT_EQ(reallocator.request({}).error(), RequestError::busy);
        const JobReport& job = two.go_on();
        EXPECT_EQ(job.state, JobState::done) << describe(job.failure);
        EXPECT_EQ(job.steps_done, 3u);
        EXPECT_EQ(job.costs.blocks, 1u);
        EXPECT_EQ(memory_node(p), to);
        EXPECT_EQ(table_node(p), to);
        EXPECT_EQ(p.vcpus[0].home, to);
        EXPECT_EQ(twin.frames.available(), begun_with);
    }
    EXPECT_EQ(reallocator.request({.partition = &p, .to = 2}).error(), RequestError::no_node);
}

TEST_F(ReallocatorTest, R76_WhoIsSparedStaysThoughOthersAreAskedFor) {
    partition::Partition& a = build("a", 1, 0);
    partition::Partition& b = build("b", 1, 0);
    ReallocationRequest request;
    ASSERT_TRUE(request.spared.push_back(&b));
    ASSERT_TRUE(reallocator.request(request).has_value());
    EXPECT_EQ(two.go_on().state, JobState::done);
    EXPECT_EQ(a.vcpus[0].home, memory_node(a));
    EXPECT_EQ(memory_node(b), 1);
    EXPECT_EQ(b.vcpus[0].home, 0);
    ASSERT_TRUE(request.requested.push_back(&b));
    EXPECT_EQ(reallocator.request(request).error(), RequestError::is_protected);
}

TEST_F(ReallocatorTest, OfSeveralWhoAreAskedForNobodyLoses) {
    partition::Partition& a = build("a", 1, 0);
    partition::Partition& b = build("b", 0, 1);
    ReallocationRequest request{.worth = affinity::Thresholds{}};
    ASSERT_TRUE(request.requested.push_back(&a));
    ASSERT_TRUE(request.requested.push_back(&b));
    ASSERT_TRUE(reallocator.request(request).has_value());
    const JobReport& job = two.go_on();
    EXPECT_EQ(job.state, JobState::done);
    EXPECT_EQ(job.partition[0], 0) << "its scores are the machine's";
    EXPECT_EQ(job.after, full);
    EXPECT_GE(job.first_steps.size(), 2u);
    EXPECT_EQ(job.first_steps.size(), job.steps);
    b.state = PartitionState::suspended;
    EXPECT_EQ(reallocator.request(request).error(), RequestError::stays);
}

TEST_F(ReallocatorTest, R78_WhoWasMovedIsNotMovedForOthersSoonAfter) {
    partition::Partition& moved = build("moved", 0, 0);
    ASSERT_TRUE(reallocator.request({.partition = &moved, .to = 1}).has_value());
    ASSERT_EQ(two.go_on().state, JobState::done);
    relocate::change_home(moved.vcpus[0], 0, two.topology);
    ASSERT_TRUE(reallocator.request({.worth = affinity::Thresholds{}}).has_value());
    EXPECT_EQ(two.go_on().state, JobState::refused) << "nobody else is there";
    ASSERT_TRUE(reallocator.request({.worth = affinity::Thresholds{.cooldown = 0}}).has_value());
    EXPECT_EQ(two.go_on().state, JobState::done);
}

// R81, and the design's 4.4: wherever it stops, everybody is where he may be, and nothing is lost.
TEST_F(ReallocatorTest, R81_StoppedAfterAnyNumberOfRounds) {
    partition::Partition& p = build("linux", 0, 0);
    std::vector<std::byte> before(mib(16)), after(mib(16));
    ASSERT_TRUE(p.memory.read({0}, before).has_value());
    affinity::NodeIndex to = 1;
    machine.step_ = 300'000; // a round is a page
    unsigned stopped = 0;
    for (int rounds = 0; rounds < 120; ++rounds) {
        ASSERT_TRUE(reallocator.request({.partition = &p, .to = to}).has_value());
        for (int i = 0; i < rounds * 3; ++i)
            two.round();
        stopped += reallocator.stop() ? 1 : 0;
        const JobReport& job = two.go_on();
        ASSERT_TRUE(job.state == JobState::stopped || job.state == JobState::done) << rounds;
        ASSERT_EQ(twin.frames.available(), begun_with) << rounds;
        p.memory.begin_turn();
        ASSERT_TRUE(p.memory.read({0}, after).has_value());
        ASSERT_TRUE(before == after) << rounds;
        ASSERT_EQ(p.state, PartitionState::running);
        if (memory_node(p) == to && table_node(p) == to)
            to = static_cast<affinity::NodeIndex>(1 - to);
    }
    EXPECT_GT(stopped, 40u);
    EXPECT_LT(stopped, 120u) << "some of them have come to their end";
}

TEST_F(ReallocatorTest, WhereThereIsNoRoomItEndsBetweenTwoSteps) {
    partition::Partition& p = build("linux", 0, 0);
    while (twin.frames.allocate(mib(16), mib(16), FrameState::hypervisor, memory::Contents::any,
                                {arch::fake_real_base + two.half, two.half})) {}
    begun_with = twin.frames.available();
    ASSERT_TRUE(reallocator.request({.partition = &p, .to = 1}).has_value());
    const JobReport& job = two.go_on();
    EXPECT_EQ(job.state, JobState::failed);
    EXPECT_EQ(job.failure, JobFailure::no_room);
    EXPECT_EQ(memory_node(p), 0);
    EXPECT_EQ(p.dual->phase(), dual::Phase::normal);
    EXPECT_EQ(twin.frames.available(), begun_with);
}

TEST_F(ReallocatorTest, APageTableThatChangesTooFastStaysWhereItIs) {
    partition::Partition& p = two.build("busy", 0, 0, 20); // 32 sections
    machine.step_ = 300'000;                               // a round is one of them
    ASSERT_TRUE(reallocator.request({.partition = &p, .to = 1}).has_value());
    for (int rounds = 0; rounds < 10'000 && reallocator.under_way(); ++rounds) {
        two.round();
        if (p.dual->has_twins())
            for (std::uint64_t section = 0; section < hpt::sections_of(p.hpt.slot_count()); ++section)
                p.dual->sections().mark(hpt::Section{section}.begin());
    }
    const JobReport& job = two.go_on();
    EXPECT_EQ(job.state, JobState::failed);
    EXPECT_EQ(job.failure, JobFailure::outrun);
    EXPECT_EQ(table_node(p), 0);
    EXPECT_EQ(p.dual->phase(), dual::Phase::normal);
    EXPECT_EQ(p.state, PartitionState::running);
}

TEST_F(ReallocatorTest, WhoEndsMeanwhileEndsTheReallocation) {
    partition::Partition& p = build("linux", 0, 0);
    ASSERT_TRUE(reallocator.request({.partition = &p, .to = 1}).has_value());
    machine.step_ = 3000;
    for (int i = 0; i < 100 && !reallocator.moves(p); ++i)
        two.round();
    ASSERT_TRUE(reallocator.moves(p));
    reallocator.ended(p);
    twin.end("linux");
    EXPECT_EQ(two.go_on().failure, JobFailure::changed);
    EXPECT_EQ(twin.frames.total(FrameState::partition), 0u);
    EXPECT_EQ(twin.frames.total(FrameState::page_table), 0u);
}

// Linux asks where its processor is at home when one of these has changed.
TEST_F(ReallocatorTest, R83_CountersOfHomesChangeWhereTheirDomainsDo) {
    tree::HostMachine host;
    for (const std::uint32_t level : {1, 2, 3})
        (void)host.reference_points.push_back(4 - level); // the smallest domain first
    // Nodes 0 and 1 are in one drawer, node 2 in another.
    for (const std::uint32_t node : {0, 1, 2}) {
        tree::HostAssociativity domains;
        for (const std::uint32_t domain : {7u, node / 2, node})
            (void)domains.push_back(domain);
        (void)host.memory.push_back({{arch::fake_real_base + node * mib(16), mib(16)}, node, domains});
    }
    affinity::Topology three;
    ASSERT_TRUE(three.build(host, 100).has_value());
    partition::Partition& p = build("linux", 0, 0);
    partition::Vcpu& vcpu = p.vcpus[0];
    change_home(vcpu, 1, three); // it has registered nothing
    vcpu.areas.vpa = {{0x1000}, papr::vpa::smallest};
    const LogicalAddr counters = vcpu.areas.vpa.begin + papr::vpa::home_node_changes_offset;
    ASSERT_TRUE(p.memory.clear(counters, papr::vpa::home_node_changes_size).has_value());
    const auto expect = [&](std::array<std::uint8_t, 4> expected) {
        for (std::size_t i = 0; i < expected.size(); ++i)
            EXPECT_EQ(*p.memory.load<Be<std::uint8_t>>(counters + i), expected[i]) << i;
    };
    change_home(vcpu, 0, three);
    expect({1, 0, 0, 0});
    change_home(vcpu, 2, three);
    expect({2, 1, 0, 0});
    change_home(vcpu, 2, three);
    expect({2, 1, 0, 0});
    EXPECT_EQ(vcpu.home, 2);
}

TEST_F(ReallocatorTest, WithoutNodesNothingIsReallocated) {
    const affinity::Topology none;
    Reallocator other{twin.roster, twin.frames, none, twin.mover, migrate::twin_facts.timebase_frequency};
    EXPECT_EQ(other.request({}).error(), RequestError::no_nodes);
}

} // namespace
} // namespace transom::relocate

// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <gmock/gmock.h>
#include <transom/partition/told_nodes.hpp>

namespace transom::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

/// Memory is given block by block as the test says; two nodes of 1 GiB that nobody accesses.
class ToldNodesTest : public testing::Test {
  protected:
    ToldNodesTest() {
        tree::HostMachine host;
        for (std::uint32_t node = 0; node < 2; ++node) {
            (void)host.memory.push_back({{arch::fake_real_base + node * gib(1), gib(1)}, node, {}});
            (void)host.processors.push_back({node, node, {}});
            (void)nodes.domains.push_back({});
            (void)nodes.domains[node].push_back(node);
        }
        (void)nodes.reference_points.push_back(1);
        EXPECT_TRUE(topology.build(host, 100).has_value());
        partition.allowed_calls.allow(papr::FunctionSets::all());
        partition.vcpu_count = 2;
        partition.vcpus[1].home = 1;
    }
    void add(std::uint32_t node, unsigned count = 1) {
        for (unsigned i = 0; i < count; ++i)
            ASSERT_TRUE(partition.memory.add_block(arch::fake_real_base + node * gib(1)));
    }

    arch::FakeMachine machine{mib(1)};
    std::vector<memory::FrameState> states;
    memory::Frames frames{states};
    affinity::Topology topology;
    partition::HomeNodes nodes;
    partition::Partition partition;
    partition::Resources resources{
        .frames = frames, .processor = {}, .table_format = hpt::Format::odd, .nodes = &nodes, .topology = &topology};
};

TEST_F(ToldNodesTest, R84_BlocksAndHomesAreToldWhereTheyAre) {
    add(1, 16);
    add(0, 2);
    add(1);
    const partition::ToldNodes told(partition, resources);
    const tree::TreeNodes tree = told.tree_nodes();
    ASSERT_TRUE(tree.told());
    EXPECT_THAT(tree.of_processor, ElementsAre(0, 1));
    EXPECT_EQ(tree.unit, memory::block_size);
    EXPECT_THAT(tree.of_memory.first(16), Each(1));
    EXPECT_THAT(tree.of_memory.subspan(16), ElementsAre(0, 0, 1));
    EXPECT_THAT(tree.reference_points, ElementsAre(1));
}

TEST_F(ToldNodesTest, WhatItStartsInIsToldAsOne) {
    add(0, 7);
    add(1, 9);
    add(0, 4);
    const partition::ToldNodes told(partition, resources);
    EXPECT_THAT(told.tree_nodes().of_memory.first(16), Each(1));
    EXPECT_THAT(told.tree_nodes().of_memory.subspan(16), Each(0));
}

TEST_F(ToldNodesTest, LessThanThatIsToldAsOneToo) {
    add(1);
    add(0, 2);
    EXPECT_THAT(partition::ToldNodes(partition, resources).tree_nodes().of_memory, Each(0));
}

TEST_F(ToldNodesTest, OfMuchMemoryLargerUnitsAreTold) {
    add(0, 128);
    add(1, 3); // of a unit of 64 MiB
    add(0, 126);
    const partition::ToldNodes told(partition, resources);
    const tree::TreeNodes tree = told.tree_nodes();
    EXPECT_EQ(tree.unit, 4 * memory::block_size);
    ASSERT_THAT(tree.of_memory, SizeIs(65)) << "257 blocks";
    EXPECT_EQ(tree.of_memory[31], 0);
    EXPECT_EQ(tree.of_memory[32], 1);
    EXPECT_EQ(tree.of_memory[33], 0);
}

TEST_F(ToldNodesTest, WhoMayNotAskForHomesAndWhoseMachineHasOneNodeAreToldNothing) {
    add(1);
    partition.allowed_calls.allow(papr::FunctionSets::all().without(papr::FunctionSet::vphn));
    EXPECT_FALSE(partition::ToldNodes(partition, resources).tree_nodes().told());
    partition.allowed_calls.allow(papr::FunctionSets::all());
    EXPECT_TRUE(partition::ToldNodes(partition, resources).tree_nodes().told());
    resources.topology = nullptr;
    EXPECT_FALSE(partition::ToldNodes(partition, resources).tree_nodes().told());
}

} // namespace
} // namespace transom::test

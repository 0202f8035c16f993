// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <string>
#include <transom/affinity/topology.hpp>
#include <transom/memory/logical_memory.hpp>
#include <vector>

namespace transom::affinity {
namespace {

using testing::ElementsAre;

constexpr std::uint32_t processor = 100; // hundredths

tree::HostMachine machine_of(const std::string& tree) {
    std::ifstream file(std::string(TRANSOM_TREES "/") + tree + ".dtb", std::ios::binary);
    const std::vector<char> blob{std::istreambuf_iterator<char>(file), {}};
    EXPECT_FALSE(blob.empty()) << tree;
    const auto machine = tree::read_host_tree(blob.data());
    EXPECT_TRUE(machine.has_value()) << tree;
    return machine.value_or(tree::HostMachine{});
}

TEST(Topology, OneChipIsOneNode) {
    Topology topology;
    ASSERT_TRUE(topology.build(machine_of("powernv9_1"), processor));
    ASSERT_EQ(topology.nodes().count(), 1u);
    EXPECT_EQ(topology.nodes().capacity()[0], (Amounts{256, 100}));
    EXPECT_EQ(topology.nodes().distance(0, 0), 10);
    EXPECT_EQ(topology.nodes().weight(0, 0), Nodes::local_weight);
}

TEST(Topology, EachChipIsANodeAsFarFromTheOtherAsLinuxHasIt) {
    for (const auto* const tree : {"powernv8_2", "powernv9_2", "powernv10_2"}) {
        Topology topology;
        ASSERT_TRUE(topology.build(machine_of(tree), processor)) << tree;
        const Nodes& nodes = topology.nodes();
        ASSERT_EQ(nodes.count(), 2u) << tree;
        EXPECT_THAT(nodes.capacity(), ElementsAre(Amounts{128, 100}, Amounts{128, 100})) << tree;
        // The reference points are 4, 4 and 2: two levels of chips, and all in one domain above.
        EXPECT_EQ(nodes.distance(0, 1), 40) << tree;
        EXPECT_EQ(nodes.distance(1, 0), 40) << tree;
        EXPECT_EQ(nodes.weight(0, 1), Nodes::local_weight / 4) << tree;
        EXPECT_EQ(nodes.least_weight(), Nodes::local_weight / 4) << tree;
        EXPECT_EQ(topology.chip(0), 0u) << tree;
        EXPECT_EQ(topology.chip(1), 1u) << tree;
        EXPECT_THAT(topology.domains(1), ElementsAre(1, 1, 0)) << tree;
    }
}

TEST(Topology, KnowsWhichNodeHasAnAddressOrAProcessor) {
    Topology topology;
    ASSERT_TRUE(topology.build(machine_of("powernv9_4"), processor));
    ASSERT_EQ(topology.nodes().count(), 4u);
    EXPECT_EQ(topology.node_of({gib(1) - 1}), 0);
    EXPECT_EQ(topology.node_of({gib(1)}), 1);
    EXPECT_EQ(topology.node_of({gib(4) - 1}), 3);
    EXPECT_EQ(topology.node_of({gib(4)}), std::nullopt);
    EXPECT_EQ(topology.node_of_server(0x300), 3);
    EXPECT_EQ(topology.node_of_server(0x301), std::nullopt);
    std::vector<RealRange> ranges;
    topology.for_each_range(2, [&](RealRange range) { ranges.push_back(range); });
    EXPECT_THAT(ranges, ElementsAre(RealRange{{gib(2)}, gib(1)}));
    EXPECT_THAT(topology.nodes().nearest(2), ElementsAre(2, 0, 1, 3));
}

tree::HostMemory memory(std::uint32_t n, std::uint32_t chip, std::initializer_list<std::uint32_t> associativity) {
    tree::HostMemory result{{{gib(n)}, gib(1)}, chip};
    for (const std::uint32_t domain : associativity)
        EXPECT_TRUE(result.associativity.push_back(domain));
    return result;
}

tree::HostMachine machine_with(std::initializer_list<std::uint32_t> reference_points,
                               std::initializer_list<tree::HostMemory> memories) {
    tree::HostMachine machine;
    for (const std::uint32_t point : reference_points)
        EXPECT_TRUE(machine.reference_points.push_back(point));
    for (const auto& one : memories)
        EXPECT_TRUE(machine.memory.push_back(one));
    return machine;
}

TEST(Topology, TwiceAsFarForEachLevelUpToACommonDomain) {
    // Drawer, chip: 0 and 1 share a drawer, 2 is in another one.
    Topology topology;
    ASSERT_TRUE(topology.build(machine_with({2, 1}, {memory(0, 7, {0, 1}), memory(1, 8, {0, 2}), memory(2, 9, {5, 3})}),
                               processor));
    const Nodes& nodes = topology.nodes();
    ASSERT_EQ(nodes.count(), 3u);
    EXPECT_EQ(nodes.distance(0, 1), 20);
    EXPECT_EQ(nodes.distance(0, 2), 40);
    EXPECT_EQ(nodes.distance(1, 2), 40);
    EXPECT_THAT(nodes.nearest(1), ElementsAre(1, 0, 2));
    EXPECT_EQ(topology.chip(2), 9u);
    EXPECT_EQ(nodes.capacity()[2], (Amounts{64, 0})); // memory without processors is a node, too
}

TEST(Topology, ChipsAreNodesWhereThereAreNoReferencePoints) {
    tree::HostMachine machine = machine_with({}, {memory(0, 0, {}), memory(1, 8, {}), memory(2, 0, {})});
    ASSERT_TRUE(machine.processors.push_back({4, 17, {}})); // processors without memory
    Topology topology;
    ASSERT_TRUE(topology.build(machine, processor));
    ASSERT_EQ(topology.nodes().count(), 3u);
    EXPECT_EQ(topology.nodes().capacity()[0], (Amounts{128, 0}));
    EXPECT_EQ(topology.nodes().capacity()[2], (Amounts{0, 100}));
    EXPECT_EQ(topology.nodes().distance(0, 1), 20);
    EXPECT_EQ(topology.node_of({gib(2)}), 0);
}

TEST(Topology, SaysWhatIsWrongWithATreeAndHasNoNodesThen) {
    Topology topology;
    for (const auto& list : {std::initializer_list<std::uint32_t>{0}, {0, 1, 2, 3}}) {
        const auto done = topology.build(machine_with({5}, {memory(0, 0, list)}), processor);
        ASSERT_FALSE(done);
        EXPECT_THAT(describe(done.error()), testing::HasSubstr("ibm,associativity"));
        EXPECT_EQ(topology.nodes().count(), 0u);
    }
    ASSERT_FALSE(topology.build(machine_with({0}, {memory(0, 0, {0})}), processor)); // they are counted from 1

    tree::HostMachine many;
    for (std::uint32_t chip = 0; chip <= max_nodes; ++chip)
        ASSERT_TRUE(many.processors.push_back({chip, chip, {}}));
    EXPECT_EQ(topology.build(many, processor).error(), TopologyError::too_many_nodes);
    ASSERT_TRUE(topology.build(machine_of("powernv9_2"), processor)); // and is none the worse for it
    EXPECT_EQ(topology.nodes().count(), 2u);
}

} // namespace
} // namespace transom::affinity

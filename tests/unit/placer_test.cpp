// SPDX-License-Identifier: Apache-2.0
#include "two_nodes.hpp"

#include <array>
#include <transom/relocate/placer.hpp>

// Where a partition is built whose manifest does not say it.

namespace transom::relocate {
namespace {

using partition::Partition;

class PlacerTest : public testing::Test {
  protected:
    PlacerTest() {
        two.twin.resources.placement = &placer;
        two.twin.dispatcher.set_processors(2);
    }

    Partition& build(const partition::Shape& shape) {
        const auto built = test::create_empty(two.twin.roster, shape);
        EXPECT_TRUE(built);
        return **built;
    }
    static partition::Shape shape(std::string_view name, std::uint32_t entitled, std::uint32_t vcpus = 1) {
        return {.name = name,
                .memory = mib(16),
                .virtual_processors = vcpus,
                .granule = kib(64),
                .entitled_capacity = entitled};
    }
    affinity::NodeIndex memory_node(const Partition& p) const { return node_of(two.topology, p.memory.block(0)); }
    affinity::NodeIndex table_node(const Partition& p) const { return node_of(two.topology, p.hpt.address()); }
    /// All of it on one node but for its processor, which is at home on node 0.
    Partition& first_on(std::uint32_t memory_node, std::uint32_t entitled) {
        partition::Shape first = shape("first", entitled);
        (void)first.memory_nodes.push_back(memory_node);
        (void)first.page_table_node.push_back(memory_node);
        (void)first.processor_nodes.push_back(0);
        return build(first);
    }

    arch::FakeMachine machine{test::TwoNodes::size};
    test::TwoNodes two;
    Placer placer{two.twin.roster, two.twin.frames, two.topology};
};

TEST_F(PlacerTest, MemoryAndProcessorsAreTogether) {
    const Partition& first = build(shape("first", 5));
    EXPECT_EQ(memory_node(first), 0) << "of equally good nodes the lowest";
    EXPECT_EQ(table_node(first), 0);
    EXPECT_EQ(first.vcpus[0].home, 0);
    while (two.twin.frames.allocate(mib(16), mib(16), memory::FrameState::hypervisor, memory::Contents::any,
                                    {arch::fake_real_base, two.half})) {}
    const Partition& second = build(shape("second", 5));
    EXPECT_EQ(memory_node(second), 1) << "there is no memory left on the other";
    EXPECT_EQ(table_node(second), 1);
    EXPECT_EQ(second.vcpus[0].home, 1);
}

TEST_F(PlacerTest, WhereProcessorsAreTakenThereIsNoHome) {
    first_on(1, 90);
    const Partition& second = build(shape("second", 20));
    EXPECT_EQ(second.vcpus[0].home, 1);
    EXPECT_EQ(memory_node(second), 1) << "beside it";
}

TEST_F(PlacerTest, EachVirtualProcessorGetsAHome) {
    first_on(0, 40);
    const Partition& wide = build(shape("wide", 120, 3));
    std::array<unsigned, 2> on{};
    for (std::uint32_t i = 0; i < 3; ++i)
        ++on.at(wide.vcpus[i].home);
    EXPECT_EQ(on[0], 1u);
    EXPECT_EQ(on[1], 2u);
    EXPECT_EQ(memory_node(wide), 1) << "where most of them are";
}

TEST_F(PlacerTest, WhoSaysItIsLeftAtHisWord) {
    partition::Shape far = shape("far", 5);
    (void)far.memory_nodes.push_back(1);
    const Partition& built = build(far);
    EXPECT_EQ(memory_node(built), 1);
    EXPECT_EQ(built.vcpus[0].home, 0) << "the boot processor's";
}

TEST_F(PlacerTest, WhoFitsNowhereIsBuiltAllTheSame) {
    first_on(0, 60);
    const Partition& wide = build(shape("wide", 140, 2));
    EXPECT_EQ(wide.memory.size(), mib(16));
    EXPECT_EQ(wide.vcpus[0].home, 0);
    EXPECT_EQ(wide.vcpus[1].home, 0);
}

} // namespace
} // namespace transom::relocate

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "twin_machine.hpp"

#include <transom/relocate/affinity_clerk.hpp>

namespace transom::test {

/// A machine of two nodes, each with half of the fake one's memory, which has `size`, and a processor.
struct TwoNodes {
    static constexpr Bytes half = mib(64), size = 2 * half;

    TwoNodes() {
        tree::HostMachine host;
        for (std::uint32_t node = 0; node < 2; ++node) {
            (void)host.memory.push_back({{arch::fake_real_base + node * half, half}, node, {}});
            (void)host.processors.push_back({node, node, {}});
            (void)nodes.domains.push_back({});
            (void)nodes.of_processor.push_back(static_cast<std::uint8_t>(node));
        }
        EXPECT_TRUE(topology.build(host, 100).has_value());
        twin.resources.topology = &topology;
        twin.resources.nodes = &nodes;
    }
    /// 16 MiB and a page table on one node, its virtual processor at home on another.
    partition::Partition& build(std::string_view name, std::uint32_t memory_node, std::uint32_t processor_node,
                                unsigned log2_page_table_size = 18) {
        partition::Shape shape{
            .name = name, .memory = mib(16), .granule = kib(64), .log2_page_table_size = log2_page_table_size};
        (void)shape.memory_nodes.push_back(memory_node);
        (void)shape.page_table_node.push_back(memory_node);
        (void)shape.processor_nodes.push_back(processor_node);
        const auto built = create_empty(twin.roster, shape);
        EXPECT_TRUE(built);
        fill_with_noise(**built);
        twin.roster.start(**built);
        (*built)->vcpus[0].state = partition::VcpuState::stopped;
        return **built;
    }
    void round() {
        arch::FakeMachine::current().advance(migrate::twin_facts.timebase_frequency / 50);
        reallocator.run();
        clerk.run();
        twin.attendant.run();
    }
    /// Until the reallocation is over, and all that it took is given back.
    const relocate::JobReport& go_on() {
        for (int rounds = 0; rounds < 100'000 && (reallocator.under_way() || rounds < 100); ++rounds)
            round();
        while (twin.frames.scrub_one()) {}
        return reallocator.report();
    }

    migrate::TwinMachine twin{arch::fake_real_base, size};
    affinity::Topology topology;
    partition::HomeNodes nodes;
    relocate::Reallocator reallocator{twin.roster, twin.frames, topology, twin.mover,
                                      migrate::twin_facts.timebase_frequency};
    relocate::AffinityClerk clerk{twin.roster, twin.frames, topology, reallocator,
                                  migrate::twin_facts.timebase_frequency};
};

} // namespace transom::test

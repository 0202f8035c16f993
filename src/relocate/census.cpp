// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <transom/relocate/census.hpp>

namespace transom::relocate {

using affinity::NodeIndex;

NodeIndex node_of(const affinity::Topology& topology, RealAddr address) {
    return topology.node_of(address).value_or(0);
}

namespace {

affinity::Size size(std::size_t blocks, std::uint32_t vcpus, std::uint32_t entitled, unsigned log2_table) {
    const Bytes table = hpt::size_with_words(log2_table);
    return {.memory = static_cast<std::uint32_t>(blocks),
            .processors = vcpus,
            .per_processor = std::max<std::uint32_t>(entitled / std::max<std::uint32_t>(vcpus, 1), 1),
            .page_table = static_cast<std::uint32_t>((table + memory::block_size - 1) / memory::block_size)};
}

} // namespace

affinity::Size size_of(const partition::Partition& partition) {
    return size(partition.memory.block_count(), partition.vcpu_count, partition.share.claim.entitled,
                partition.hpt.log2_bytes());
}

affinity::Size size_of(const partition::Shape& shape) {
    return size(shape.memory / memory::block_size, shape.virtual_processors,
                shape.entitled_capacity.value_or(tree::min_entitled_capacity), shape.log2_page_table_size);
}

affinity::Place place_of(const partition::Partition& partition, const affinity::Topology& topology,
                         std::span<affinity::Amounts> on) {
    const auto nodes = on.first(topology.nodes().count());
    std::ranges::fill(nodes, affinity::Amounts{});
    for (std::size_t i = 0; i < partition.memory.block_count(); ++i)
        ++nodes[node_of(topology, partition.memory.block(i))].memory;
    const std::uint32_t each = size_of(partition).per_processor;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        nodes[partition.vcpus[i].home].processing += each;
    return {.on = nodes, .page_table = node_of(topology, partition.hpt.address())};
}

std::uint32_t free_blocks(const affinity::Topology& topology, const memory::Frames& frames, NodeIndex node) {
    std::uint64_t blocks = 0;
    topology.for_each_range(node, [&](RealRange range) { blocks += frames.count_free(memory::block_size, range); });
    return static_cast<std::uint32_t>(blocks);
}

void count_capacities(affinity::Nodes& nodes, partition::Roster& roster, const affinity::Topology& topology,
                      const memory::Frames& frames) {
    nodes = topology.nodes();
    std::array<std::uint32_t, affinity::max_nodes> memory{};
    std::array<affinity::Amounts, affinity::max_nodes> on;
    roster.for_each([&](const partition::Partition& partition) {
        const affinity::Place place = place_of(partition, topology, on);
        for (std::size_t n = 0; n < nodes.count(); ++n)
            memory[n] += place.on[n].memory;
        memory[place.page_table] += size_of(partition).page_table;
    });
    for (NodeIndex n = 0; n < nodes.count(); ++n)
        nodes.set_capacity(n,
                           {memory[n] + free_blocks(topology, frames, n), topology.nodes().capacity()[n].processing});
}

} // namespace transom::relocate

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <transom/partition/layout.hpp>
#include <transom/partition/told_nodes.hpp>

namespace transom::partition {

namespace {

std::uint8_t node_of(RealAddr address, const affinity::Topology& topology) {
    std::uint8_t found = 0;
    for (affinity::NodeIndex node = 0; node < topology.nodes().count(); ++node)
        topology.for_each_range(node, [&](RealRange range) {
            if (range.contains(address))
                found = node;
        });
    return found;
}

/// The node that most blocks of [begin, end) are on; of several the lowest.
std::uint8_t node_of_most(const memory::LogicalMemory& memory, std::size_t begin, std::size_t end,
                          const affinity::Topology& topology) {
    std::array<std::uint16_t, HomeNodes::max_nodes> blocks{};
    for (std::size_t block = begin; block < end; ++block)
        ++blocks[node_of(memory.block(block), topology)];
    return static_cast<std::uint8_t>(std::ranges::max_element(blocks) - blocks.begin());
}

} // namespace

ToldNodes::ToldNodes(const Partition& partition, const Resources& from) {
    if (from.topology == nullptr || from.nodes == nullptr || from.nodes->domains.size() < 2 ||
        from.nodes->reference_points.empty() || !partition.allowed_calls.sets().contains(papr::FunctionSet::vphn))
        return;
    nodes_ = from.nodes;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        invariant(of_processor_.push_back(partition.vcpus[i].home), "more virtual processors than a partition has");
    const std::size_t blocks = partition.memory.block_count();
    std::size_t blocks_of_unit = 1;
    while (blocks > blocks_of_unit * tree::max_tree_units)
        blocks_of_unit *= 2;
    unit_ = blocks_of_unit * memory::block_size;
    const std::size_t started_in = std::min<std::size_t>(start_limit / memory::block_size, blocks);
    const std::uint8_t first = node_of_most(partition.memory, 0, started_in, *from.topology);
    for (std::size_t begin = 0; begin < blocks; begin += blocks_of_unit)
        invariant(of_memory_.push_back(begin < started_in
                                           ? first
                                           : node_of_most(partition.memory, begin,
                                                          std::min(begin + blocks_of_unit, blocks), *from.topology)),
                  "more units of memory than a tree tells of");
}

tree::TreeNodes ToldNodes::tree_nodes() const {
    if (nodes_ == nullptr)
        return {};
    return {.reference_points = nodes_->reference_points.span(),
            .domains = nodes_->domains.span(),
            .of_processor = of_processor_.span(),
            .of_memory = of_memory_.span(),
            .unit = unit_};
}

} // namespace transom::partition

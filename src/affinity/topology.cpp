// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/affinity/topology.hpp>
#include <transom/memory/logical_memory.hpp>

namespace transom::affinity {

namespace {

/// Local, and twice as far for each level at which the two are in different domains, from the smallest domains up to the first that has
/// both. Linux reckons so (Documentation/powerpc/associativity.rst, form 1).
std::uint16_t distance(const Topology::Domains& a, const Topology::Domains& b) {
    std::uint16_t result = Nodes::local_distance;
    for (std::size_t level = 0; level < a.size() && a[level] != b[level]; ++level)
        result = static_cast<std::uint16_t>(result * 2);
    return result;
}

} // namespace

std::string_view describe(TopologyError error) {
    switch (error) {
    case TopologyError::no_associativity:
        return "memory or a processor has no ibm,associativity for one of the tree's "
               "ibm,associativity-reference-points";
    case TopologyError::too_many_nodes:
        return "the machine has more nodes than affinity is reckoned for";
    }
    return "unknown error";
}

std::expected<NodeIndex, TopologyError> Topology::find(const tree::HostMachine& machine, std::uint32_t chip,
                                                       const tree::HostAssociativity& associativity) {
    Domains domains;
    for (const std::uint32_t point : machine.reference_points) {
        if (point == 0 || point > associativity.size())
            return std::unexpected(TopologyError::no_associativity);
        if (!domains.push_back(associativity[point - 1])) // levels beyond that make nothing farther here
            break;
    }
    if (domains.empty())
        (void)domains.push_back(chip);
    for (std::size_t i = 0; i < found_.size(); ++i)
        if (std::ranges::equal(found_[i].domains, domains))
            return static_cast<NodeIndex>(i);
    if (!found_.push_back({chip, domains}))
        return std::unexpected(TopologyError::too_many_nodes);
    return static_cast<NodeIndex>(found_.size() - 1);
}

std::expected<void, TopologyError> Topology::find_all(const tree::HostMachine& machine) {
    for (const tree::HostMemory& memory : machine.memory) {
        const auto node = find(machine, memory.node, memory.associativity);
        if (!node)
            return std::unexpected(node.error());
        (void)memory_.push_back({memory.range, *node}); // as many as the machine's list has
    }
    for (const tree::HostProcessor& processor : machine.processors) {
        const auto node = find(machine, processor.node, processor.associativity);
        if (!node)
            return std::unexpected(node.error());
        (void)processors_.push_back({processor.server, *node});
    }
    return {};
}

void Topology::measure(std::uint32_t processing) {
    nodes_.reset(found_.size(), Nodes::local_distance);
    for (NodeIndex a = 0; a < found_.size(); ++a) {
        for (NodeIndex b = 0; b < a; ++b)
            nodes_.set_distance(a, b, distance(found_[a].domains, found_[b].domains));
        Bytes memory = 0;
        for_each_range(a, [&](RealRange range) { memory += range.size; });
        const auto threads =
            std::ranges::count_if(processors_, [&](const Processor& processor) { return processor.node == a; });
        nodes_.set_capacity(a, {static_cast<std::uint32_t>(memory / memory::block_size),
                                static_cast<std::uint32_t>(threads) * processing});
    }
}

std::expected<void, TopologyError> Topology::build(const tree::HostMachine& machine, std::uint32_t processing) {
    found_.clear();
    memory_.clear();
    processors_.clear();
    const auto done = find_all(machine);
    if (!done)
        found_.clear();
    measure(processing);
    return done;
}

std::optional<NodeIndex> Topology::node_of(RealAddr address) const {
    for (const Memory& memory : memory_)
        if (memory.range.contains(address))
            return memory.node;
    return {};
}

std::optional<NodeIndex> Topology::node_of_server(std::uint32_t server) const {
    for (const Processor& processor : processors_)
        if (processor.server == server)
            return processor.node;
    return {};
}

} // namespace transom::affinity

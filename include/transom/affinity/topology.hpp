// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <transom/affinity/nodes.hpp>
#include <transom/base/address.hpp>
#include <transom/base/static_vector.hpp>
#include <transom/tree/host_tree.hpp>

namespace transom::affinity {

enum class TopologyError : std::uint8_t {
    no_associativity, // there are reference points, and memory or a processor has no domain at one of them
    too_many_nodes,   // more than max_nodes
};

std::string_view describe(TopologyError error);

/// Which memory and which processors are near each other: nodes, and their distances. A node is what has the same associativity
/// domains at all reference points; where the tree has no reference points, a chip ("ibm,chip-id").
class Topology {
  public:
    static constexpr std::size_t max_levels = 4;
    /// Domains at the reference points, from the smallest up. LoPAR "ibm,associativity-reference-points".
    using Domains = StaticVector<std::uint32_t, max_levels>;

    /// Of a machine with these resources; `processing` is what a hardware thread has to give. After an error it is as if it had no nodes.
    std::expected<void, TopologyError> build(const tree::HostMachine& machine, std::uint32_t processing);

    /// Capacities are all that is in the machine; what the hypervisor needs itself is still to be taken off.
    const Nodes& nodes() const { return nodes_; }
    /// What firmware calls the node: "ibm,chip-id".
    std::uint32_t chip(NodeIndex node) const { return found_[node].chip; }
    const Domains& domains(NodeIndex node) const { return found_[node].domains; }
    std::optional<NodeIndex> node_of(RealAddr address) const;
    std::optional<NodeIndex> node_of_server(std::uint32_t server) const;
    /// Calls visit(RealRange) for each run of memory of a node, in the order of addresses.
    template <class Visit> void for_each_range(NodeIndex node, Visit visit) const {
        for (const Memory& memory : memory_)
            if (memory.node == node)
                visit(memory.range);
    }

  private:
    struct Found {
        std::uint32_t chip = 0;
        Domains domains;
    };
    struct Memory {
        RealRange range;
        NodeIndex node = 0;
    };
    struct Processor {
        std::uint32_t server = 0;
        NodeIndex node = 0;
    };

    std::expected<NodeIndex, TopologyError> find(const tree::HostMachine& machine, std::uint32_t chip,
                                                 const tree::HostAssociativity& associativity);
    std::expected<void, TopologyError> find_all(const tree::HostMachine& machine);
    void measure(std::uint32_t processing);

    Nodes nodes_;
    StaticVector<Found, max_nodes> found_;
    StaticVector<Memory, tree::max_host_ranges> memory_;
    StaticVector<Processor, tree::max_host_processors> processors_;
};

} // namespace transom::affinity

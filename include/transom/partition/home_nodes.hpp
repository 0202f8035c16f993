// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <transom/base/static_vector.hpp>
#include <transom/tree/host_tree.hpp>

namespace transom::partition {

/// What partitions are told of a machine's nodes, which count as affinity::Topology counts them.
struct HomeNodes {
    static constexpr std::size_t max_nodes = 64, max_processors = 64;

    StaticVector<tree::HostAssociativity, max_nodes> domains;       // of each node: those of one of its processors
    decltype(tree::HostMachine::reference_points) reference_points; // those at which homes are compared
    StaticVector<std::uint8_t, max_processors>
        of_processor; // the node of each that runs partitions, by arch::processor_index()
};

} // namespace transom::partition

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <transom/base/static_vector.hpp>

namespace transom::partition {

/// The associativity domains of a processor, from the largest to the processor itself, as the machine's device tree has
/// them. LoPAR "ibm,associativity". Empty: the tree does not say.
using Associativity = StaticVector<std::uint32_t, 12>;

/// What partitions are told of a machine's nodes, which count as affinity::Topology counts them.
struct HomeNodes {
    static constexpr std::size_t max_nodes = 64, max_processors = 64;

    StaticVector<Associativity, max_nodes> domains; // of each node: those of one of its processors
    StaticVector<std::uint8_t, max_processors>
        of_processor; // the node of each that runs partitions, by arch::processor_index()
};

} // namespace transom::partition

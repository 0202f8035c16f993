// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <transom/base/address.hpp>
#include <transom/tree/host_tree.hpp>
#include <transom/tree/processor.hpp>

namespace transom::tree {

/// An RTAS call: the property of /rtas that carries its token.
struct RtasToken {
    std::string_view name;
    std::uint32_t token;
};

/// How a partition's processors and memory lie on the nodes of the machine, as its device tree tells it. LoPAR
/// "ibm,associativity", form 1. Of fewer than two nodes it tells nothing.
struct TreeNodes {
    std::span<const std::uint32_t> reference_points; // the machine's
    std::span<const HostAssociativity> domains;      // of each node
    std::span<const std::uint8_t> of_processor;      // the node of each virtual processor
    std::span<const std::uint8_t> of_memory;         // the node of each `unit` bytes, from the first on
    Bytes unit = 0;

    bool told() const { return domains.size() > 1; }
};

/// Everything that a partition's device tree says. LoPAR appendix B.
struct PartitionTree {
    std::string_view name;
    std::uint32_t number = 1; // ibm,partition-no
    Processor processor;
    std::uint32_t virtual_processors = 1;
    Bytes memory = 0;
    TreeNodes nodes;
    unsigned log2_page_table_size = 18;
    bool large_pages = false; // whether 16 MiB pages are offered
    std::uint32_t terminals = 1;
    LogicalRange rtas; // where the code that makes the H_RTAS call is
    std::span<const RtasToken> rtas_calls;
    std::span<const std::string_view> hypertas_functions;
    LogicalRange initramfs; // empty: none
    std::string_view bootargs;
};

enum class TreeError : std::uint8_t {
    no_space, // the buffer is too small
};

/// Of so many units of memory a tree tells where they lie, at most.
constexpr std::size_t max_tree_units = 128;

/// A size that is enough for every tree with bootargs of max_bootargs and 8 virtual processors.
constexpr Bytes partition_tree_capacity = kib(20);

/// Writes the flattened tree to the start of `buffer`; its size in bytes.
std::expected<std::size_t, TreeError> write_partition_tree(const PartitionTree& what, std::span<std::byte> buffer);

} // namespace transom::tree

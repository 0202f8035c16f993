// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <transom/base/address.hpp>
#include <transom/tree/processor.hpp>

namespace transom::tree {

/// An RTAS call: the property of /rtas that carries its token.
struct RtasToken {
    std::string_view name;
    std::uint32_t token;
};

/// Everything that a partition's device tree says. LoPAR appendix B.
struct PartitionTree {
    std::string_view name;
    std::uint32_t number = 1; // ibm,partition-no
    Processor processor;
    std::uint32_t virtual_processors = 1;
    Bytes memory = 0;
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

/// A size that is enough for every tree with bootargs of max_bootargs and 8 virtual processors.
constexpr Bytes partition_tree_capacity = kib(16);

/// Writes the flattened tree to the start of `buffer`; its size in bytes.
std::expected<std::size_t, TreeError> write_partition_tree(const PartitionTree& what, std::span<std::byte> buffer);

} // namespace transom::tree

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace transom::affinity {

/// Nodes are counted from 0 in the order of their memory.
using NodeIndex = std::uint8_t;
constexpr std::size_t max_nodes = 64;

/// What a node has, or what a partition has on it. Memory is in blocks (memory::block_size); processing in any unit that is the same for
/// all, such as hundredths of a processor. A partition's processing on a node is that of the virtual processors whose home it is; whoever
/// has observed where they were dispatched may give that instead. A partition has less than 2^22 of each (64 TiB).
struct Amounts {
    std::uint32_t memory = 0;
    std::uint32_t processing = 0;

    bool operator==(const Amounts&) const = default;
    constexpr bool none() const { return memory == 0 && processing == 0; }
};

/// How much a partition has, wherever it lies.
struct Size {
    std::uint32_t memory = 0;        // blocks
    std::uint32_t processors = 0;    // virtual ones,
    std::uint32_t per_processor = 0; // and the processing of each
    std::uint32_t page_table = 0;    // blocks of room that its page table takes; it lies on one node

    bool operator==(const Size&) const = default;
    constexpr std::uint32_t processing() const { return processors * per_processor; }
};

/// Where a partition is: what it has on each node, and the node of its page table.
struct Place {
    std::span<const Amounts> on;
    NodeIndex page_table = 0;
};

} // namespace transom::affinity

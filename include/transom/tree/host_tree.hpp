// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string_view>
#include <transom/base/address.hpp>
#include <transom/base/static_vector.hpp>

namespace transom::tree {

constexpr std::size_t max_associativity_levels = 12;
/// Associativity domains, from the largest down; empty where the tree does not say. LoPAR "ibm,associativity".
using HostAssociativity = StaticVector<std::uint32_t, max_associativity_levels>;

/// A run of real memory and the node (chip) that it belongs to.
struct HostMemory {
    RealRange range;
    std::uint32_t node = 0;
    HostAssociativity associativity = {};
};

/// A hardware thread: the number by which firmware starts it, and its node.
struct HostProcessor {
    std::uint32_t server = 0;
    std::uint32_t node = 0;
    HostAssociativity associativity;
};

constexpr std::size_t max_host_ranges = 32;
constexpr std::size_t max_host_processors = 256;

/// What the machine's own device tree says about it, as far as the hypervisor cares. Fixed capacities: what is more is
/// left unused and counted in `ignored`.
struct HostMachine {
    std::array<char, 64> model{};
    std::uint32_t timebase_frequency = 0; // Hz
    StaticVector<HostMemory, max_host_ranges> memory;
    StaticVector<RealRange, 64> reserved; // firmware, and whatever else the tree reserves
    StaticVector<HostProcessor, max_host_processors> processors;
    /// Which of an associativity list's domains matter, counted from 1, the nearest first.
    /// LoPAR "ibm,associativity-reference-points".
    StaticVector<std::uint32_t, 8> reference_points;
    RealRange initrd;      // the bundle; empty where there is none
    bool emulated = false; // by QEMU: skiboot passes on what QEMU's tree calls itself
    unsigned ignored = 0;
};

enum class HostTreeError {
    not_a_tree,   // no flattened device tree
    no_memory,    // no memory node with a usable reg
    no_processor, // no cpu node
    no_timebase,  // no timebase-frequency on the first cpu
};

std::string_view describe(HostTreeError error);

/// Reads a host's flattened device tree: skiboot's on powernv, QEMU's on pseries. Power.org ePAPR 1.1 chapters 2 and 3.
std::expected<HostMachine, HostTreeError> read_host_tree(const void* fdt);

} // namespace transom::tree

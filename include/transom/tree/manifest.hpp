// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <papr/function_set.hpp>
#include <span>
#include <string_view>
#include <transom/base/address.hpp>
#include <transom/base/fixed_text.hpp>
#include <transom/base/static_vector.hpp>
#include <transom/secure/key.hpp>

// The manifest, a flattened device tree that says which partitions a machine is to have: docs/manifest.md. With the
// files inside it is a bundle. All views point into the blob that was parsed.
namespace transom::tree {

constexpr std::size_t max_described_partitions = 16;
constexpr std::size_t max_partition_name = 31;
/// What Linux takes (its COMMAND_LINE_SIZE, less the end).
constexpr std::size_t max_bootargs = 2047;
constexpr std::uint32_t max_virtual_processors = 8;
constexpr std::uint32_t min_entitled_capacity = 5; // hundredths of a processor: less is hardly a turn in a window
constexpr std::uint32_t max_described_terminals = 4;
constexpr std::size_t max_rng_seed = 4096;
/// What `compatible` of the root says.
constexpr std::string_view manifest_version = "transom,manifest-1";
/// The blob's address must be a multiple of this.
constexpr std::size_t blob_alignment = 8;

using Ipv4 = std::array<std::uint8_t, 4>;

/// /machine: what the tool says about the machine that the bundle is for.
struct MachineDescription {
    std::string_view label;
    std::optional<Ipv4> link_address;
    std::optional<Ipv4> management_address;
};

/// /keys: who the machine is, and whom it knows. There is somebody.
struct Keys {
    std::span<const std::byte> private_key;   // secure::private_key_size bytes. Who has taken it erases it
    std::span<const std::byte> peer_keys;     // other machines': public keys of secure::public_key_size bytes
    std::span<const std::byte> operator_keys; // the same of who may give orders
};

/// Nodes of a machine, as `transom affinity score` counts them. Those that a machine has not are passed over.
constexpr std::size_t max_listed_nodes = 8;
using NodeList = StaticVector<std::uint32_t, max_listed_nodes>;

/// A node of /partitions.
struct PartitionDescription {
    std::string_view name;
    Bytes memory = 0;                        // multiple of 16 MiB
    std::optional<unsigned> log2_page_table; // of its bytes; nothing: as is usual for so much memory
    std::uint32_t virtual_processors = 1;
    std::optional<std::uint32_t> entitled_capacity; // hundredths of a processor; nothing: as is usual
    std::uint8_t capacity_weight = 128;
    bool capped = false; // never more than its entitled capacity
    bool dedicated_processors =
        false;                 // one for each virtual processor: entitled_capacity, weight 0 and capped say the same
    bool donates_idle = false; // dedicated: others may use them while it waits, where it allows that
    Bytes granule = kib(64);
    bool large_pages = false; // whether 16 MiB pages are offered
    NodeList memory_nodes;    // where its memory is to be taken first, in this order; empty: wherever there is some
    NodeList page_table_node; // the same for its page table
    NodeList
        processor_nodes; // homes of its virtual processors: one for all, or one for each; empty: as the machine sees fit
    bool keeps_place = false;                                     // no reallocation moves it
    std::uint32_t terminals = 1;                                  // virtual terminals
    bool pool_idle_count = false;                                 // whether it may know how idle the machine is
    papr::FunctionSets function_sets = papr::FunctionSets::all(); // of hypervisor calls that it may use
    bool observe_calls = false; // whether latencies and a trace of its hypervisor calls are kept from the start
    std::string_view kernel;    // path of the kernel's file
    std::string_view initramfs; // empty: none
    std::string_view bootargs;
};

/// One clear line: node and property, what is wrong, the remedy.
using ManifestError = ErrorLine;

class Manifest {
  public:
    /// Checks everything that can be known without the machine. `blob` starts at a multiple of blob_alignment and may
    /// be longer than the tree; it must outlive the result.
    static std::expected<Manifest, ManifestError> parse(std::span<const std::byte> blob);

    const MachineDescription& machine() const { return machine_; }
    std::span<const PartitionDescription> partitions() const { return partitions_.span(); }

    /// Random bytes that the tool took from its own system; empty where there are none. Who has used them erases them.
    std::span<const std::byte> rng_seed() const { return rng_seed_; }

    /// Nothing where the machine has no keys.
    const std::optional<Keys>& keys() const { return keys_; }

    /// Whether the files are inside. Every path that a partition names is then there.
    bool is_bundle() const { return bundle_; }
    /// What was parsed.
    std::span<const std::byte> blob() const { return blob_; }
    /// The contents of a file of the bundle.
    std::optional<std::span<const std::byte>> file(std::string_view path) const;

  private:
    friend class ManifestReader;

    std::span<const std::byte> blob_;
    std::span<const std::byte> rng_seed_;
    std::optional<Keys> keys_;
    bool bundle_ = false;
    MachineDescription machine_;
    StaticVector<PartitionDescription, max_described_partitions> partitions_;
};

} // namespace transom::tree

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine_keys.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace transom::tool {

/// What the tool says about a machine in its bundle's /machine node.
struct MachineIdentity {
    std::string label, link_address, management_address;
};

/// A manifest with what stands beside it on the disk.
struct ManifestFile {
    std::string name;             ///< for messages
    std::filesystem::path folder; ///< paths in the manifest are relative to it
    std::vector<std::byte> blob;  ///< compiled
};

/// The most that QEMU takes as -initrd for powernv.
constexpr std::size_t max_bundle = std::size_t{128} << 20;

ManifestFile read_manifest(const std::filesystem::path& source);
/// Partitions of the manifest, by name.
std::vector<std::string> partition_names(const ManifestFile& manifest);

/// Throws Failure if the partitions have more memory together than the machine. Less may still be too much: what the
/// hypervisor and the page tables take is known at the machine only.
void check_memory(const ManifestFile& manifest, std::uint64_t machine_mib);

/// The manifest with the identity and the contents of all named files, checked by the code that the kernel uses. Throws
/// Failure: property out of range, file missing, kernel that is no ppc64 ELF, more than QEMU takes.
std::vector<std::byte> build_bundle(const ManifestFile& manifest, const MachineIdentity& identity,
                                    const std::optional<MachineKeys>& keys = std::nullopt);
/// The manifest with `observe-calls` for each of its partitions.
ManifestFile with_observed_calls(ManifestFile manifest);
/// The manifest with that many virtual processors for each of its partitions.
ManifestFile with_virtual_processors(ManifestFile manifest, unsigned count);
/// The manifest with a page table of so many MiB for each of its partitions.
ManifestFile with_page_table(ManifestFile manifest, unsigned mib);
/// The manifest with so many MiB of memory for each of its partitions.
ManifestFile with_memory(ManifestFile manifest, unsigned mib);
/// One without partitions.
ManifestFile empty_manifest();
/// The bundle of a machine that waits for a partition to arrive.
std::vector<std::byte> build_empty_bundle(const MachineIdentity& identity,
                                          const std::optional<MachineKeys>& keys = std::nullopt);

/// Addresses of machine 1, 2, ... on the two networks.
MachineIdentity identity_of(unsigned number);

/// Throws Failure, beginning with `wanted_by`, if the file cannot be read.
std::vector<std::byte> read_contents(const std::filesystem::path& path, std::string_view wanted_by);
void write_file(const std::filesystem::path& file, std::span<const std::byte> contents);
/// A new file, with what only its owner may read: bundles have keys and random numbers in them.
void write_private_file(const std::filesystem::path& file, std::span<const std::byte> contents);

} // namespace transom::tool

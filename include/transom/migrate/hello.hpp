// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <transom/migrate/definition.hpp>
#include <transom/migrate/error.hpp>
#include <transom/migrate/record.hpp>
#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// The kinds of hashed page table entry, as hello names them.
enum class Mmu : std::uint32_t { hashed_2_07 = 1, hashed_3_0 = 2 };

/// What the two machines of a move must have in common.
struct MachineFacts {
    std::uint32_t processor_version = 0;  // the PVR,
    unsigned generation = 9;              // of which this follows: 8, 9 or 10, see partition::SprInfo
    partition::SprSet absent_registers{}; // that processors of this generation have, and these lack
    Mmu mmu = Mmu::hashed_3_0;
    std::uint64_t page_sizes = 0;         // bit n: pages of 2^n bytes
    std::uint64_t timebase_frequency = 0; // Hz
    std::uint64_t initial_msr = 0;        // in which a virtual processor is started
};

/// How much of the processors must be the same.
enum class Fit : std::uint8_t {
    same_version,    // what the processor version register says, which a partition can read
    same_generation, // the operator says that this is enough
};

/// What the target needs to know to build an empty partition.
struct PartitionShape {
    NameField name_storage{};
    Bytes memory_size = 0;
    Bytes granule = 0;
    std::uint32_t table_log2 = 0;
    std::uint32_t vcpus = 0;
    bool large_pages = false;                          // 16 MiB pages are accepted
    papr::FunctionSets function_sets;                  // of hypervisor calls that it was told of
    partition::CpuCharacteristics cpu_characteristics; // that it was told
    partition::Facilities facilities;                  // that it was told of
    partition::CapacityClaim claim;                    // to the processors
    bool post_copy = false;                            // it may run before all of its memory has come
    DefinitionShape definition;                        // that goes with it

    std::string_view name() const { return name_storage.data(); }
    std::uint64_t granules() const { return memory_size / granule; }
};

PartitionShape shape_of(const partition::Partition& partition);

/// Whether this could be the name of a partition: 1 to 31 of [A-Za-z0-9_.-].
bool valid_name(std::string_view name);

HelloRecord make_hello(const MachineFacts& facts, const PartitionShape& shape, Fit fit);

/// The shape that a hello asks for, or by what it does not fit this machine: the first of the fields in docs/stream.md.
std::expected<PartitionShape, Failure> check_hello(std::span<const std::byte> payload, const MachineFacts& ours);

/// Whether a partition that protects itself as it was `told` is safe on processors that are `ours`: they have all that it
/// relies on, and it does all that they need.
std::expected<void, Failure> check_characteristics(const partition::CpuCharacteristics& told,
                                                   const partition::CpuCharacteristics& ours);

/// Whether processors that offer `ours` have all that the partition was `told` of. They may have more: it is not told.
std::expected<void, Failure> check_facilities(const partition::Facilities& told, const partition::Facilities& ours);

/// A shape that a stream can carry at all; the source asks before it connects.
std::expected<void, Failure> check_shape(const PartitionShape& shape);

} // namespace transom::migrate

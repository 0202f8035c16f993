// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <papr/function_set.hpp>
#include <string_view>
#include <transom/affinity/topology.hpp>
#include <transom/base/address.hpp>
#include <transom/hpt/entry.hpp>
#include <transom/memory/frames.hpp>
#include <transom/partition/create_error.hpp>
#include <transom/partition/partition.hpp>
#include <transom/tree/manifest.hpp>
#include <transom/tree/partition_tree.hpp>

namespace transom::partition {

struct Shape;

/// Says where among the nodes of a machine a partition is to be built that does not say it itself.
class Placement {
  public:
    /// Sets `memory_nodes`, `page_table_node` and `processor_nodes`, or leaves them empty.
    virtual void place(Shape& shape) = 0;

  protected:
    ~Placement() = default;
};

/// What partitions of a machine are made from, the same for all of them.
struct Resources {
    memory::Frames& frames;
    tree::Processor processor;
    hpt::Format table_format = hpt::Format::isa_3_0;
    Facilities facilities{};
    const HomeNodes* nodes = nullptr; // outlives the partitions; null: nothing is known of them
    CpuCharacteristics cpu_characteristics{};
    random::Source* random = nullptr;             // outlives the partitions
    const affinity::Topology* topology = nullptr; // the same; null: nobody cares where they are
    Placement* placement = nullptr;               // the same; null: wherever there is room

    /// The function sets for which the machine has what they need.
    papr::FunctionSets function_sets() const;
};

/// The size and kind of a partition, without anything in it.
struct Shape {
    std::string_view name;
    Bytes memory = 0; // multiple of memory::block_size
    std::uint32_t virtual_processors = 1;
    Bytes granule = kib(64); // 4 or 64 KiB
    unsigned log2_page_table_size = 18;
    bool large_pages = false;
    papr::FunctionSets function_sets = papr::FunctionSets::all(); // that it may use, where the machine offers them
    std::optional<std::uint32_t> entitled_capacity{};             // hundredths of a processor; nothing: as is usual
    std::uint8_t capacity_weight = 128;
    bool capped = false;
    Processors processors = Processors::shared;
    tree::NodeList memory_nodes{}, page_table_node{}, processor_nodes{}; // as of tree::PartitionDescription
    // On another machine; nothing: it is told this one's.
    std::optional<CpuCharacteristics> told_characteristics{};
    std::optional<Facilities> told_facilities{};
};

/// What of the machine's memory a partition of that shape takes.
Bytes memory_of(const Shape& shape);

/// The shape that a description asks for; the page table as large as LoPAR recommends.
Shape shape_of(const tree::PartitionDescription& description);

/// Takes memory of the first of these nodes that has it, else wherever it is: as Frames::allocate, with anything in it.
std::expected<RealAddr, memory::FrameError> allocate_near(const Resources& from, std::span<const std::uint32_t> nodes,
                                                          Bytes size, Bytes alignment, memory::FrameState as);

/// Gives a partition its memory, not scrubbed yet, a page table and stopped virtual processors: see Construction.
std::expected<void, CreateError> take(Partition& partition, const Shape& shape, const Resources& from);

/// Gives a partition that many virtual terminals, 1 to vio::max_terminals, each with its interrupt source.
void set_terminals(Partition& partition, std::uint32_t count);

/// The partition's pieces of the machine's memory, counted from 0; an empty one behind the last.
RealRange piece_of(const Partition& partition, std::size_t index);

/// Gives back all that the partition has, and leaves it `off` with its name and the reason of
/// its end. No processor is in it or has a translation of it any more. Nothing happens to one that holds nothing.
void destroy(Partition& partition, memory::Frames& frames);

} // namespace transom::partition

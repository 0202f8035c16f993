// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <new>
#include <optional>
#include <transom/partition/create.hpp>

namespace transom::partition {

namespace {

using memory::FrameState;

constexpr std::uint64_t to_mib(Bytes n) { return n >> 20; }

/// In place: a partition is larger than a stack.
void make_anew(Partition& partition) {
    const std::uint32_t lpid = partition.lpid;
    dual::PartitionEngine* const dual = partition.dual;
    partition.~Partition();
    new (&partition) Partition;
    partition.lpid = lpid;
    partition.dual = dual;
}

/// What the shape asks for, if there is such a node; else the boot processor's.
std::uint8_t home_of(const Shape& shape, std::uint32_t vcpu, const Resources& from) {
    const HomeNodes* const nodes = from.nodes;
    if (nodes == nullptr || nodes->of_processor.empty())
        return 0;
    const auto& wanted = shape.processor_nodes;
    if (wanted.empty())
        return nodes->of_processor[0];
    const std::uint32_t node = wanted[wanted.size() == 1 ? 0 : vcpu];
    return node < nodes->domains.size() ? static_cast<std::uint8_t>(node) : nodes->of_processor[0];
}

std::optional<CreateError> take_memory(Partition& partition, const Shape& shape, const Resources& from) {
    memory::Frames& frames = from.frames;
    const Bytes need = memory_of(shape);
    const Bytes free = frames.available();
    if (need > free)
        return CreateError::no_room(
            "partition {}: it asks for {} MiB, {} MiB with its page table, and {} MiB are free: "
            "lower memory-mib, or give the machine more memory",
            shape.name, to_mib(shape.memory), to_mib(need), to_mib(free));
    const auto table =
        allocate_near(from, shape.page_table_node.span(), hpt::size_with_words(shape.log2_page_table_size),
                      Bytes{1} << shape.log2_page_table_size, FrameState::page_table);
    if (!table)
        return CreateError::no_room(
            "partition {}: there is no free run of {} MiB for its page table: lower memory-mib, "
            "or give the machine more memory",
            shape.name, to_mib(hpt::size_with_words(shape.log2_page_table_size)));
    partition.vcpu_count = shape.virtual_processors; // from here on it holds something, see destroy
    partition.hpt.init(*table, shape.log2_page_table_size, hpt::guest_words_behind(*table, shape.log2_page_table_size),
                       {.format = from.table_format,
                        .real_mode_page = shape.granule == kib(4) ? papr::PageSize::kib_4 : papr::PageSize::kib_64,
                        .large_pages = shape.large_pages});
    while (partition.memory.size() < shape.memory) {
        const auto block = allocate_near(from, shape.memory_nodes.span(), memory::block_size, memory::block_size,
                                         FrameState::partition);
        if (!block)
            return CreateError::no_room(
                "partition {}: it asks for {} MiB, and {} MiB are free in blocks of {} MiB: lower "
                "memory-mib, or give the machine more memory",
                shape.name, to_mib(shape.memory), to_mib(partition.memory.size()), to_mib(memory::block_size));
        invariant(partition.memory.add_block(*block), "more memory than a partition can have");
    }
    return std::nullopt;
}

} // namespace

papr::FunctionSets Resources::function_sets() const {
    papr::FunctionSets sets = papr::FunctionSets::all();
    if (nodes == nullptr || nodes->domains.empty() || nodes->domains[0].empty())
        sets = sets.without(papr::FunctionSet::vphn);
    if (topology == nullptr || topology->nodes().count() == 0)
        sets = sets.without(papr::FunctionSet::affinity);
    if (random == nullptr)
        sets = sets.without(papr::FunctionSet::random);
    return sets;
}

Bytes memory_of(const Shape& shape) { return shape.memory + hpt::size_with_words(shape.log2_page_table_size); }

Shape shape_of(const tree::PartitionDescription& description) {
    return {.name = description.name,
            .memory = description.memory,
            .virtual_processors = description.virtual_processors,
            .granule = description.granule,
            .log2_page_table_size =
                description.log2_page_table.value_or(hpt::recommended_log2_bytes(description.memory)),
            .large_pages = description.large_pages,
            .function_sets = description.function_sets,
            .entitled_capacity = description.entitled_capacity,
            .capacity_weight = description.capacity_weight,
            .capped = description.capped,
            .processors = description.donates_idle           ? Processors::donating
                          : description.dedicated_processors ? Processors::dedicated
                                                             : Processors::shared,
            .memory_nodes = description.memory_nodes,
            .page_table_node = description.page_table_node,
            .processor_nodes = description.processor_nodes};
}

std::expected<RealAddr, memory::FrameError> allocate_near(const Resources& from, std::span<const std::uint32_t> nodes,
                                                          Bytes size, Bytes alignment, FrameState as) {
    std::expected<RealAddr, memory::FrameError> found = std::unexpected(memory::FrameError::none_left);
    const auto take = [&](RealRange within) {
        if (!found)
            found = from.frames.allocate(size, alignment, as, memory::Contents::any, within);
    };
    for (const std::uint32_t node : nodes)
        if (from.topology != nullptr)
            from.topology->for_each_range(static_cast<affinity::NodeIndex>(node), take);
    take(memory::Frames::everywhere);
    return found;
}

std::expected<void, CreateError> take(Partition& partition, const Shape& shape, const Resources& from) {
    invariant(partition.vcpu_count == 0, "a partition is made where there is one");
    // An arriving partition's shape comes from a peer: it is checked like everything from outside.
    const bool fits = !shape.name.empty() && shape.name.size() < partition.name_storage.size() && shape.memory != 0 &&
                      shape.memory % memory::block_size == 0 &&
                      shape.memory <= memory::max_blocks * memory::block_size && shape.virtual_processors != 0 &&
                      shape.virtual_processors <= max_vcpus && (shape.granule == kib(4) || shape.granule == kib(64)) &&
                      shape.log2_page_table_size >= papr::min_log2_table_size &&
                      shape.log2_page_table_size <= papr::max_log2_table_size;
    if (!fits)
        return std::unexpected(CreateError::formatted(CreateFault::malformed,
                                                      "partition {}: {} bytes of memory, {} virtual processors, a "
                                                      "granule of {} bytes and a page table of 2^{} bytes "
                                                      "are not what this version can make",
                                                      shape.name, shape.memory, shape.virtual_processors, shape.granule,
                                                      shape.log2_page_table_size));
    make_anew(partition);
    Shape placed = shape;
    if (from.placement != nullptr)
        from.placement->place(placed);
    shape.name.copy(partition.name_storage.data(), partition.name_storage.size() - 1);
    partition.granule = shape.granule;
    partition.allowed_calls.allow(shape.function_sets.common(from.function_sets()));
    partition.facilities = shape.told_facilities.value_or(from.facilities);
    partition.nodes = from.nodes;
    partition.cpu_characteristics = shape.told_characteristics.value_or(from.cpu_characteristics);
    partition.random = from.random;
    partition.clock.frequency = from.processor.timebase_frequency;
    if (const auto error = take_memory(partition, placed, from)) {
        destroy(partition, from.frames);
        return std::unexpected(*error);
    }
    set_terminals(partition, 1);
    for (std::uint32_t i = 0; i < shape.virtual_processors; ++i) {
        Vcpu& vcpu = partition.vcpus[i];
        vcpu.partition = &partition;
        vcpu.index = i;
        vcpu.home = home_of(placed, i, from);
        vcpu.reset_registers();
    }
    return {};
}

void set_terminals(Partition& partition, std::uint32_t count) {
    invariant(count >= 1 && count <= vio::max_terminals, "a number of terminals that cannot be");
    partition.terminal_count = count;
    for (std::uint32_t i = 0; i < count; ++i)
        if (partition.sources.find(vio::terminal_source + i) == nullptr)
            partition.sources.add(vio::terminal_source + i, interrupt::Trigger::message);
}

RealRange piece_of(const Partition& partition, std::size_t index) {
    if (index == 0)
        return {partition.hpt.address(), hpt::size_with_words(partition.hpt.log2_bytes())};
    const std::size_t block = index - 1;
    return block < partition.memory.block_count() ? RealRange{partition.memory.block(block), memory::block_size}
                                                  : RealRange{};
}

void destroy(Partition& partition, memory::Frames& frames) {
    if (partition.vcpu_count == 0)
        return;
    for (std::size_t i = 0; i < partition.memory.block_count(); ++i)
        frames.release({partition.memory.block(i), memory::block_size}, FrameState::partition);
    frames.release({partition.hpt.address(), hpt::size_with_words(partition.hpt.log2_bytes())}, FrameState::page_table);
    // Nothing of it stays but what a report says about a partition that is gone.
    const auto name = partition.name_storage;
    const StopReason reason = partition.stop_reason;
    make_anew(partition);
    partition.name_storage = name;
    partition.stop_reason = reason;
    partition.state = PartitionState::off;
}

} // namespace transom::partition

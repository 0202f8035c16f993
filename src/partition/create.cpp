// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <new>
#include <optional>
#include <transom/hcall/table.hpp>
#include <transom/partition/create.hpp>
#include <transom/partition/kernel_image.hpp>
#include <transom/partition/layout.hpp>
#include <transom/partition/msr.hpp>
#include <transom/rtas/table.hpp>

namespace transom::partition {

namespace {

using memory::FrameState;

constexpr std::uint64_t entry_msr = msr::sf | msr::me;
constexpr std::uint64_t largest_decrementer = 0x7fffffff;

constexpr std::size_t max_rtas_calls = 48;

constexpr std::uint64_t to_mib(Bytes n) { return n >> 20; }

/// Table and guest words are one piece of real memory, the words behind the table: half as large, as they are one
/// doubleword for two.
constexpr Bytes guest_words_size(unsigned log2_table) { return Bytes{1} << (log2_table - 1); }
constexpr Bytes page_table_size(unsigned log2_table) { return (Bytes{1} << log2_table) + guest_words_size(log2_table); }

constexpr Bytes scrollbacks_size = vio::max_terminals * vio::scrollback_size;
static_assert(scrollbacks_size % memory::frame_size == 0);

/// In place: a partition is larger than a stack.
void make_anew(Partition& partition) {
    const std::uint32_t lpid = partition.lpid;
    partition.~Partition();
    new (&partition) Partition;
    partition.lpid = lpid;
}

std::optional<CreateError> take_memory(Partition& partition, const Shape& shape, const Resources& from) {
    memory::Frames& frames = from.frames;
    const Bytes need = memory_of(shape);
    const Bytes free = frames.total(FrameState::free);
    if (need > free)
        return CreateError::formatted(
            "partition {}: it asks for {} MiB, {} MiB with its page table, and {} MiB are free: "
            "lower memory-mib, or give the machine more memory",
            shape.name, to_mib(shape.memory), to_mib(need), to_mib(free));
    const auto table = frames.allocate(page_table_size(shape.log2_page_table_size),
                                       Bytes{1} << shape.log2_page_table_size, FrameState::page_table);
    if (!table)
        return CreateError::formatted(
            "partition {}: there is no free run of {} MiB for its page table: lower memory-mib, "
            "or give the machine more memory",
            shape.name, to_mib(page_table_size(shape.log2_page_table_size)));
    auto* words =
        reinterpret_cast<std::uint64_t*>(arch::real_pointer(*table + (Bytes{1} << shape.log2_page_table_size)));
    partition.vcpu_count = shape.virtual_processors; // from here on it holds something, see destroy
    partition.hpt.init(*table, shape.log2_page_table_size,
                       {words, guest_words_size(shape.log2_page_table_size) / sizeof(std::uint64_t)},
                       {.format = from.table_format,
                        .real_mode_page = shape.granule == kib(4) ? papr::PageSize::kib_4 : papr::PageSize::kib_64,
                        .large_pages = shape.large_pages});
    const auto scrollbacks = frames.allocate(scrollbacks_size, memory::frame_size, FrameState::hypervisor);
    if (!scrollbacks)
        return CreateError::formatted(
            "partition {}: there is no free run of {} KiB for its terminals: give the machine more memory", shape.name,
            scrollbacks_size >> 10);
    partition.scrollback = {*scrollbacks, scrollbacks_size};
    std::span kept{reinterpret_cast<std::uint8_t*>(arch::real_pointer(*scrollbacks)), scrollbacks_size};
    for (vio::Terminal& terminal : partition.terminals) {
        terminal.scrollback = vio::Scrollback(kept.first(vio::scrollback_size));
        kept = kept.subspan(vio::scrollback_size);
    }
    while (partition.memory.size() < shape.memory) {
        const auto block = frames.allocate(memory::block_size, memory::block_size, FrameState::partition);
        if (!block)
            return CreateError::formatted(
                "partition {}: it asks for {} MiB, and {} MiB are free in blocks of {} MiB: lower "
                "memory-mib, or give the machine more memory",
                shape.name, to_mib(shape.memory), to_mib(partition.memory.size()), to_mib(memory::block_size));
        invariant(partition.memory.add_block(*block), "more memory than a partition can have");
    }
    return std::nullopt;
}

void fill(Partition& partition, LogicalAddr to, std::span<const std::byte> from) {
    invariant(partition.memory.write(to, from).has_value(), "write outside of a new partition's memory");
}

/// The file of that name, or the line that says it is not there.
std::expected<std::span<const std::byte>, CreateError> find_file(const tree::Manifest& bundle,
                                                                 std::string_view partition, std::string_view what,
                                                                 std::string_view path) {
    if (const auto file = bundle.file(path))
        return *file;
    return std::unexpected(
        CreateError::formatted("partition {}: {} {} is not with the manifest: start the machine from a "
                               "bundle, as transom run makes it",
                               partition, what, path));
}

std::expected<void, CreateError> write_tree(Partition& partition, const tree::PartitionTree& what, LogicalAddr where,
                                            memory::Frames& frames) {
    constexpr Bytes size =
        (tree::partition_tree_capacity + memory::frame_size - 1) / memory::frame_size * memory::frame_size;
    const auto scratch = frames.allocate(size, memory::frame_size, FrameState::hypervisor);
    if (!scratch)
        return std::unexpected(
            CreateError::formatted("partition {}: no memory is left to write its device tree: give the "
                                   "machine more memory",
                                   what.name));
    const std::span buffer{arch::real_pointer(*scratch), tree::partition_tree_capacity};
    const auto written = tree::write_partition_tree(what, buffer);
    if (written)
        fill(partition, where, buffer.first(*written));
    frames.release({*scratch, size}, FrameState::hypervisor);
    if (!written)
        return std::unexpected(CreateError::formatted("partition {}: its device tree has more than {} bytes: shorten "
                                                      "bootargs",
                                                      what.name, tree::partition_tree_capacity));
    return {};
}

std::expected<void, CreateError> load(Partition& partition, const tree::PartitionDescription& d, const Shape& shape,
                                      const tree::Manifest& bundle, const Resources& from) {
    const auto image = find_file(bundle, d.name, "kernel", d.kernel);
    if (!image)
        return std::unexpected(image.error());
    std::span<const std::byte> initramfs;
    if (!d.initramfs.empty()) {
        const auto file = find_file(bundle, d.name, "initramfs", d.initramfs);
        if (!file)
            return std::unexpected(file.error());
        initramfs = *file;
    }
    const auto kernel = load_kernel(*image, partition.memory);
    if (!kernel)
        return std::unexpected(
            CreateError::formatted("partition {}: kernel {} {}", d.name, d.kernel, describe(kernel.error())));
    const auto layout = lay_out(shape.memory, kernel->extent, initramfs.size());
    if (!layout)
        return std::unexpected(CreateError::formatted(
            "partition {}: {} not fit into {} MiB: raise memory-mib", d.name,
            layout.error() == LayoutError::initramfs_too_large ? "the initramfs does" : "kernel and initramfs do",
            to_mib(shape.memory)));
    fill(partition, layout->initramfs.begin, initramfs);
    fill(partition, layout->rtas.begin, std::as_bytes(std::span(rtas_code)));
    StaticVector<tree::RtasToken, max_rtas_calls> calls;
    for (const rtas::Row& row : rtas::rows())
        invariant(calls.push_back({row.name, row.token}), "more RTAS calls than the device tree has room for");
    const hcall::SetNames sets = hcall::hypertas_functions(partition.allowed_calls.sets());
    const auto told = write_tree(partition,
                                 {.name = d.name,
                                  .number = partition.lpid,
                                  .processor = from.processor,
                                  .virtual_processors = shape.virtual_processors,
                                  .memory = shape.memory,
                                  .log2_page_table_size = shape.log2_page_table_size,
                                  .large_pages = shape.large_pages,
                                  .terminals = partition.terminal_count,
                                  .rtas = layout->rtas,
                                  .rtas_calls = calls.span(),
                                  .hypertas_functions = sets.span(),
                                  .initramfs = layout->initramfs,
                                  .bootargs = d.bootargs},
                                 layout->tree.begin, from.frames);
    if (!told)
        return told;

    Vcpu& first = partition.vcpus[0];
    first.registers.gpr[3] = layout->tree.begin.value;
    first.registers.nip = kernel->entry.value;
    first.registers.msr = entry_msr;
    first.state = VcpuState::ready;
    partition.state = PartitionState::running;
    return {};
}

} // namespace

papr::FunctionSets Resources::function_sets() const {
    papr::FunctionSets sets = papr::FunctionSets::all();
    if (home_node.empty())
        sets = sets.without(papr::FunctionSet::vphn);
    if (random == nullptr)
        sets = sets.without(papr::FunctionSet::random);
    return sets;
}

Bytes memory_of(const Shape& shape) {
    return shape.memory + page_table_size(shape.log2_page_table_size) + scrollbacks_size;
}

Shape shape_of(const tree::PartitionDescription& description) {
    return {.name = description.name,
            .memory = description.memory,
            .virtual_processors = description.virtual_processors,
            .granule = description.granule,
            .log2_page_table_size = hpt::recommended_log2_bytes(description.memory),
            .large_pages = description.large_pages,
            .function_sets = description.function_sets,
            .entitled_capacity = description.entitled_capacity,
            .capacity_weight = description.capacity_weight,
            .capped = description.capped,
            .processors = description.donates_idle           ? Processors::donating
                          : description.dedicated_processors ? Processors::dedicated
                                                             : Processors::shared};
}

std::expected<void, CreateError> create_empty(Partition& partition, const Shape& shape, const Resources& from) {
    invariant(partition.vcpu_count == 0, "a partition is made where there is one");
    // An arriving partition's shape comes from a peer: it is checked like everything from outside.
    const bool fits = !shape.name.empty() && shape.name.size() < partition.name_storage.size() && shape.memory != 0 &&
                      shape.memory % memory::block_size == 0 &&
                      shape.memory <= memory::max_blocks * memory::block_size && shape.virtual_processors != 0 &&
                      shape.virtual_processors <= max_vcpus && (shape.granule == kib(4) || shape.granule == kib(64)) &&
                      shape.log2_page_table_size >= papr::min_log2_table_size &&
                      shape.log2_page_table_size <= papr::max_log2_table_size;
    if (!fits)
        return std::unexpected(CreateError::formatted("partition {}: {} bytes of memory, {} virtual processors, a "
                                                      "granule of {} bytes and a page table of 2^{} bytes "
                                                      "are not what this version can make",
                                                      shape.name, shape.memory, shape.virtual_processors, shape.granule,
                                                      shape.log2_page_table_size));
    make_anew(partition);
    shape.name.copy(partition.name_storage.data(), partition.name_storage.size() - 1);
    partition.granule = shape.granule;
    partition.allowed_calls.allow(shape.function_sets.common(from.function_sets()));
    partition.facilities = shape.told_facilities.value_or(from.facilities);
    partition.home_node = from.home_node;
    partition.cpu_characteristics = shape.told_characteristics.value_or(from.cpu_characteristics);
    partition.random = from.random;
    partition.clock.frequency = from.processor.timebase_frequency;
    if (const auto error = take_memory(partition, shape, from)) {
        destroy(partition, from.frames);
        return std::unexpected(*error);
    }
    set_terminals(partition, 1);
    for (std::uint32_t i = 0; i < shape.virtual_processors; ++i) {
        Vcpu& vcpu = partition.vcpus[i];
        vcpu.partition = &partition;
        vcpu.index = i;
        vcpu.decrementer_expiry = arch::timebase() + largest_decrementer;
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

std::expected<void, CreateError> create(Partition& partition, const tree::PartitionDescription& description,
                                        const tree::Manifest& bundle, const Resources& from) {
    const Shape shape = shape_of(description);
    auto done = create_empty(partition, shape, from);
    if (done) {
        set_terminals(partition, description.terminals);
        partition.sees_pool = description.pool_idle_count;
        if (description.observe_calls)
            partition.observation.start();
        done = load(partition, description, shape, bundle, from);
    }
    if (!done && partition.vcpu_count != 0)
        destroy(partition, from.frames);
    return done;
}

void destroy(Partition& partition, memory::Frames& frames) {
    if (partition.vcpu_count == 0)
        return;
    for (std::size_t i = 0; i < partition.memory.block_count(); ++i)
        frames.release({partition.memory.block(i), memory::block_size}, FrameState::partition);
    frames.release({partition.hpt.address(), page_table_size(partition.hpt.log2_bytes())}, FrameState::page_table);
    if (!partition.scrollback.empty())
        frames.release(partition.scrollback, FrameState::hypervisor);
    // Nothing of it stays but what a report says about a partition that is gone.
    const auto name = partition.name_storage;
    const StopReason reason = partition.stop_reason;
    make_anew(partition);
    partition.name_storage = name;
    partition.stop_reason = reason;
    partition.state = PartitionState::off;
}

} // namespace transom::partition

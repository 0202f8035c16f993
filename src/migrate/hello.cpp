// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <transom/migrate/hello.hpp>
#include <transom/tree/manifest.hpp>
#include <transom/tree/processor.hpp>

namespace transom::migrate {

namespace {

template <class T> std::optional<Failure> differs(MoveError field, T source, T target) {
    if (source == target)
        return std::nullopt;
    return failure(field, "{} differs: {:#x} at the source, {:#x} at the target", name(field), source, target);
}

std::uint32_t architected_version(const MachineFacts& facts) {
    return tree::architected_version(static_cast<tree::ProcessorFamily>(facts.generation));
}

std::uint16_t sharing_of(const partition::CapacityClaim& claim) {
    std::uint16_t sharing = claim.capped ? sharing_capped : 0;
    if (claim.dedicated())
        sharing |= sharing_dedicated;
    if (claim.processors == partition::Processors::donating)
        sharing |= sharing_donating;
    return sharing;
}

partition::Processors processors_of(std::uint16_t sharing) {
    if ((sharing & sharing_dedicated) == 0)
        return partition::Processors::shared;
    return (sharing & sharing_donating) != 0 ? partition::Processors::donating : partition::Processors::dedicated;
}

partition::CapacityClaim claim_of(const HelloRecord& hello) {
    return {.entitled = hello.entitled_capacity,
            .weight = static_cast<std::uint8_t>(hello.capacity_weight),
            .capped = (hello.sharing & sharing_capped) != 0,
            .processors = processors_of(hello.sharing)};
}

/// What no hello of this version says, whatever the machines are.
std::optional<Failure> check_content(const HelloRecord& hello) {
    if ((hello.features & ~all_features) != 0)
        return failure(MoveError::record_content, "hello: unknown features {:#x}", std::uint32_t{hello.features});
    if (papr::FunctionSets::from_bits(hello.function_sets).bits() != hello.function_sets)
        return failure(MoveError::record_content, "hello: function-sets {:#x} lack the calls of no set",
                       std::uint64_t{hello.function_sets});
    const partition::CapacityClaim claim = claim_of(hello);
    const bool whole = claim.entitled == 100 * hello.vcpus && claim.weight == 0 && claim.capped;
    if (hello.capacity_weight > 255 || hello.sharing != sharing_of(claim) || (claim.dedicated() && !whole))
        return failure(MoveError::record_content, "hello: capacity weight {} and sharing {:#x}",
                       std::uint16_t{hello.capacity_weight}, std::uint16_t{hello.sharing});
    if (hello.suffices > suffices_same_generation)
        return failure(MoveError::record_content, "hello: unknown bits in what suffices: {:#x}",
                       std::uint32_t{hello.suffices});
    if (hello.copying > copying_post_copy)
        return failure(MoveError::record_content, "hello: unknown bits in how it is copied: {:#x}",
                       std::uint32_t{hello.copying});
    const bool defined = hello.definition_size != 0;
    if (hello.definition > definition_by_operator ||
        (!defined && (hello.definition != 0 || hello.definition_digest != 0)))
        return failure(MoveError::record_content, "hello: bits {:#x} and digest {:#x} of a definition of {} bytes",
                       std::uint32_t{hello.definition}, std::uint64_t{hello.definition_digest},
                       std::uint64_t{hello.definition_size});
    return std::nullopt;
}

/// The processor version register can be read by whoever runs, so without the operator's word it must be the same.
std::optional<Failure> check_processor(const HelloRecord& hello, const MachineFacts& ours) {
    const std::uint32_t there = hello.processor_version, here = ours.processor_version;
    if (const std::uint32_t generation = hello.architected_version; generation != architected_version(ours))
        return failure(MoveError::processor_version,
                       "processor-version differs: {:#x} ({:#x}) at the source, {:#x} ({:#x}) at the target", there,
                       generation, here, architected_version(ours));
    if (there == here || hello.suffices == suffices_same_generation)
        return std::nullopt;
    return failure(MoveError::processor_version,
                   "processor-version differs: {:#x} at the source, {:#x} at the target, of one generation: see compat",
                   there, here);
}

std::uint32_t features_of(const PartitionShape& shape) {
    return (shape.large_pages ? feature_large_pages : 0) |
           (shape.facilities.second_watchpoint ? feature_second_watchpoint : 0) |
           (shape.facilities.interrupts_at_0x18000 ? feature_interrupts_at_0x18000 : 0);
}

bool name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
}

} // namespace

bool valid_name(std::string_view name) {
    return !name.empty() && name.size() < sizeof(NameField) && std::all_of(name.begin(), name.end(), name_character);
}

PartitionShape shape_of(const partition::Partition& partition) {
    PartitionShape shape;
    static_assert(sizeof(partition.name_storage) == sizeof(shape.name_storage));
    const std::string_view name = partition.name();
    std::copy(name.begin(), name.end(), shape.name_storage.begin());
    shape.memory_size = partition.memory.size();
    shape.granule = partition.granule;
    shape.table_log2 = static_cast<std::uint32_t>(partition.hpt.log2_bytes());
    shape.vcpus = partition.vcpu_count;
    shape.large_pages = partition.hpt.options().large_pages;
    shape.function_sets = partition.allowed_calls.sets();
    shape.cpu_characteristics = partition.cpu_characteristics;
    shape.facilities = partition.facilities;
    shape.claim = partition.share.claim;
    return shape;
}

HelloRecord make_hello(const MachineFacts& facts, const PartitionShape& shape, Fit fit) {
    HelloRecord hello;
    hello.version = format_version;
    hello.processor_version = facts.processor_version;
    hello.mmu = static_cast<std::uint32_t>(facts.mmu);
    hello.table_log2 = shape.table_log2;
    hello.page_sizes = facts.page_sizes;
    hello.timebase_frequency = facts.timebase_frequency;
    hello.initial_msr = facts.initial_msr;
    hello.memory_size = shape.memory_size;
    hello.granule = shape.granule;
    hello.vcpus = shape.vcpus;
    hello.features = features_of(shape);
    hello.name = shape.name_storage;
    hello.function_sets = shape.function_sets.bits();
    hello.cpu_character = shape.cpu_characteristics.character;
    hello.cpu_behaviour = shape.cpu_characteristics.behaviour;
    hello.entitled_capacity = shape.claim.entitled;
    hello.capacity_weight = shape.claim.weight;
    hello.sharing = sharing_of(shape.claim);
    hello.architected_version = architected_version(facts);
    hello.suffices = fit == Fit::same_generation ? suffices_same_generation : 0;
    hello.copying = shape.post_copy ? copying_post_copy : 0;
    hello.definition = shape.definition.by_operator ? definition_by_operator : 0;
    hello.definition_size = shape.definition.size;
    hello.definition_digest = shape.definition.digest;
    return hello;
}

std::expected<void, Failure> check_characteristics(const partition::CpuCharacteristics& told,
                                                   const partition::CpuCharacteristics& ours) {
    if (const std::uint64_t lacking = told.character & ~ours.character; lacking != 0)
        return std::unexpected(
            failure(MoveError::cpu_characteristics,
                    "cpu-characteristics: the target's processors lack character {:#x}, which the partition relies on",
                    lacking));
    if (const std::uint64_t untold = ours.behaviour & ~told.behaviour; untold != 0)
        return std::unexpected(failure(
            MoveError::cpu_characteristics,
            "cpu-characteristics: the target's processors need behaviour {:#x}, of which the partition knows nothing",
            untold));
    return {};
}

std::expected<void, Failure> check_facilities(const partition::Facilities& told, const partition::Facilities& ours) {
    if (told.second_watchpoint && !ours.second_watchpoint)
        return std::unexpected(failure(MoveError::facilities,
                                       "facilities: the target's processors lack the second watchpoint (DAWR1), which "
                                       "the partition was offered"));
    if (told.interrupts_at_0x18000 && !ours.interrupts_at_0x18000)
        return std::unexpected(failure(MoveError::facilities,
                                       "facilities: the target's processors take no interrupts at 0x18000, as the "
                                       "partition was offered"));
    return {};
}

std::expected<void, Failure> check_shape(const PartitionShape& shape) {
    if (shape.memory_size == 0 || shape.memory_size % memory::block_size != 0 ||
        shape.memory_size > memory::block_size * memory::max_blocks)
        return std::unexpected(failure(
            MoveError::memory_size, "memory-size {:#x} is not a multiple of 16 MiB up to 64 GiB", shape.memory_size));
    if (shape.granule != kib(4) && shape.granule != max_granule)
        return std::unexpected(failure(MoveError::granule, "granule {:#x} is neither 4 KiB nor 64 KiB", shape.granule));
    if (shape.vcpus == 0 || shape.vcpus > partition::max_vcpus)
        return std::unexpected(failure(MoveError::virtual_processors, "virtual-processors is {}, 1 to {} are possible",
                                       shape.vcpus, partition::max_vcpus));
    if (shape.claim.entitled < tree::min_entitled_capacity || shape.claim.entitled > 100 * shape.vcpus)
        return std::unexpected(failure(MoveError::entitled_capacity, "entitled-capacity is {}, {} to {} are possible",
                                       shape.claim.entitled, tree::min_entitled_capacity, 100 * shape.vcpus));
    if (shape.name_storage.back() != 0 || !valid_name(shape.name()))
        return std::unexpected(
            failure(MoveError::partition_name, "partition-name is not 1 to 31 of letters, digits, '_', '.', '-'"));
    return {};
}

std::expected<PartitionShape, Failure> check_hello(std::span<const std::byte> payload, const MachineFacts& ours) {
    // The version decides the meaning of the rest, its length included.
    if (payload.size() < sizeof(Be32))
        return std::unexpected(failure(MoveError::record_length, "hello has {} bytes", payload.size()));
    if (const auto version = load_be<std::uint32_t>(payload.data()); version != format_version)
        return std::unexpected(
            failure(MoveError::format_version,
                    "format-version differs: {} at the source, {} at the target: use the same Transom", version,
                    format_version));
    HelloRecord hello;
    if (payload.size() != sizeof hello)
        return std::unexpected(
            failure(MoveError::record_length, "hello has {} bytes, not {}", payload.size(), sizeof hello));
    std::memcpy(&hello, payload.data(), sizeof hello);

    const auto number = [](auto field) { return static_cast<std::uint64_t>(field); };
    if (auto d = check_content(hello))
        return std::unexpected(*d);
    if (auto d = check_processor(hello, ours))
        return std::unexpected(*d);
    if (auto d = differs(MoveError::mmu, number(hello.mmu), number(ours.mmu)))
        return std::unexpected(*d);
    if (hello.table_log2 < 18 || hello.table_log2 > 36)
        return std::unexpected(failure(MoveError::table_size, "table-size 2^{} is not between 2^18 and 2^36",
                                       std::uint32_t{hello.table_log2}));
    if (auto d = differs(MoveError::page_sizes, number(hello.page_sizes), ours.page_sizes))
        return std::unexpected(*d);
    if (auto d = differs(MoveError::timebase_frequency, number(hello.timebase_frequency), ours.timebase_frequency))
        return std::unexpected(*d);
    if (auto d = differs(MoveError::initial_state, number(hello.initial_msr), ours.initial_msr))
        return std::unexpected(*d);

    PartitionShape shape;
    shape.name_storage = hello.name;
    shape.memory_size = hello.memory_size;
    shape.granule = hello.granule;
    shape.table_log2 = hello.table_log2;
    shape.vcpus = hello.vcpus;
    shape.large_pages = (hello.features & feature_large_pages) != 0;
    shape.facilities = {.second_watchpoint = (hello.features & feature_second_watchpoint) != 0,
                        .interrupts_at_0x18000 = (hello.features & feature_interrupts_at_0x18000) != 0};
    shape.function_sets = papr::FunctionSets::from_bits(hello.function_sets);
    shape.cpu_characteristics = {hello.cpu_character, hello.cpu_behaviour};
    shape.claim = claim_of(hello);
    shape.post_copy = hello.copying == copying_post_copy;
    shape.definition = {.size = hello.definition_size,
                        .digest = hello.definition_digest,
                        .by_operator = hello.definition == definition_by_operator};
    if (auto fits = check_shape(shape); !fits)
        return std::unexpected(fits.error());
    return shape;
}

} // namespace transom::migrate

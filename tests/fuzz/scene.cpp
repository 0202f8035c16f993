// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"
#include "foreign_memory.hpp"
#include <algorithm>
#include <arch/table_memory.hpp>
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/partition/msr.hpp>

namespace transom::hcall_fuzz {
namespace {

constexpr std::uint32_t line_source = interrupt::first_source + 16;

std::uint64_t* words_at(RealAddr address) { return reinterpret_cast<std::uint64_t*>(arch::real_pointer(address)); }

std::optional<std::uint64_t> hardware_number() { return 0x123456789abcdef; }
std::optional<std::uint64_t> no_number() { return std::nullopt; }

const std::uint64_t* damaged_in(RealRange range) {
    unpoison(range);
    const std::uint64_t* const first = words_at(range.begin);
    const std::uint64_t* const end = first + range.size / sizeof canary;
    const auto* found = std::find_if(first, end, [](std::uint64_t word) { return word != canary; });
    poison(range);
    return found == end ? nullptr : found;
}

} // namespace

Scene::Scene() : working_(hardware_number), broken_(no_number) {
    for (const RealRange& range : foreign) {
        std::fill_n(words_at(range.begin), range.size / sizeof canary, canary);
        poison(range);
    }
    Input none({});
    begin(none);
}

Scene::~Scene() {
    for (const RealRange& range : foreign)
        unpoison(range);
}

SlotWords Scene::slot(std::uint64_t index) const {
    std::uint64_t* const entry = words_at(table_address + (index << papr::log2_entry_size));
    return {arch::load_table_word(entry[0]), arch::load_table_word(entry[1]), guest_words[index]};
}

void Scene::set_slot(std::uint64_t index, const SlotWords& words) {
    std::uint64_t* const entry = words_at(table_address + (index << papr::log2_entry_size));
    arch::store_table_word(entry[0], words.d0);
    arch::store_table_word(entry[1], words.d1);
    guest_words[index] = words.guest_word;
}

const std::uint64_t* Scene::damaged(Bytes near) const {
    for (const RealRange& range : foreign) {
        const Bytes depth = std::min(near, range.size);
        for (const RealAddr begin : {range.begin, range.end() - depth})
            if (const std::uint64_t* found = damaged_in({begin, depth}))
                return found;
    }
    return nullptr;
}

void Scene::write_foreign(RealAddr address, std::uint64_t word) {
    unpoison({address, sizeof word});
    *words_at(address) = word;
    poison({address, sizeof word});
}

RealAddr Scene::real(const std::uint64_t* place) const { return arch::real_address(place); }

void Changes::written(LogicalAddr from, Bytes size) {
    for (Bytes granule = from.value / tracked_granule; granule <= (from.value + size - 1) / tracked_granule; ++granule)
        granules[granule] = true;
}

void Scene::reset_memory() {
    for (std::size_t granule = 0; granule < changed_.granules.size(); ++granule)
        if (changed_.granules[granule]) {
            const LogicalAddr address{granule * tracked_granule};
            std::memset(arch::real_pointer(partition_->memory.translate(address).value()), 0, tracked_granule);
        }
    std::fill(changed_.granules.begin(), changed_.granules.end(), false);
    std::memset(words_at(table_address), 0, 2 * slots * sizeof(std::uint64_t));
    for (auto* words : {&guest_words, &seen_guest_words, &seen_entries})
        std::ranges::fill(*words, 0);
}

void Scene::set_up_devices(Input& input) {
    partition::Partition& partition = *partition_;
    partition.terminal_count = 1 + input.below(vio::max_terminals);
    for (std::uint32_t i = 0; i < partition.terminal_count; ++i) {
        partition.sources.add(vio::terminal_source + i, interrupt::Trigger::message);
        partition.terminals[i].session = input.flag();
    }
    partition.sources.add(line_source, interrupt::Trigger::level);
    random::Source* const sources[] = {nullptr, &working_, &broken_};
    partition.random = input.one_of(sources);
    // Numbers below 2^15 take one field of the answer, larger ones two, and 2^31 none.
    tree::HostAssociativity domains;
    for (unsigned levels = input.below(13); levels > 0; --levels)
        (void)domains.push_back(static_cast<std::uint32_t>(input.word(input.flag() ? 4 : 1)));
    nodes_ = {};
    (void)nodes_.domains.push_back(domains);
    (void)nodes_.of_processor.push_back(0);
    partition.nodes = &nodes_;
}

void Scene::begin(Input& input) {
    if (partition_)
        reset_memory();
    machine_.flushes_.clear();
    machine_.log_.clear();
    machine_.ticks_ = 1000;
    notes = {};
    noted = 0;
    missing_injected = false;

    partition_ = std::make_unique<partition::Partition>();
    partition::Partition& partition = *partition_;
    invariant(partition.memory.add_block(first_block) && partition.memory.add_block(second_block), "blocks");
    partition.memory.watch_writes(&changed_);
    partition.lpid = 77;
    partition.state = partition::PartitionState::running;
    partition.vcpu_count = 3;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i) {
        partition::Vcpu& vcpu = partition.vcpus[i];
        vcpu.partition = &partition;
        vcpu.index = i;
        vcpu.state = i == 2 ? partition::VcpuState::stopped : partition::VcpuState::ready;
        vcpu.registers.msr = partition::msr::sf | partition::msr::me;
        for (std::size_t r = 0; r < vcpu.registers.gpr.size(); ++r)
            vcpu.registers.gpr[r] = 0xa5a50000 + r;
    }

    constexpr papr::PageSize real_mode_pages[] = {papr::PageSize::kib_64, papr::PageSize::kib_4,
                                                  papr::PageSize::mib_16};
    const hpt::Format format = input.flag() ? hpt::Format::isa_2_07 : hpt::Format::isa_3_0;
    const papr::PageSize real_mode_page = input.one_of(real_mode_pages);
    partition.hpt.init(table_address, log2_table_size, guest_words,
                       {.format = format, .real_mode_page = real_mode_page, .large_pages = input.flag()});
    partition.facilities = {.second_watchpoint = input.flag(), .interrupts_at_0x18000 = input.flag()};
    partition.pool = &pool_;
    partition.share.claim = {.entitled = 20, .weight = 2}; // numbers that calls name
    partition.sees_pool = input.flag();
    set_up_devices(input);
    papr::FunctionSets offered = papr::FunctionSets::all();
    if (partition.random == nullptr)
        offered = offered.without(papr::FunctionSet::random);
    if (nodes_.domains[0].empty())
        offered = offered.without(papr::FunctionSet::vphn);
    partition.allowed_calls.allow(input.below(4) == 1 ? papr::FunctionSets::from_bits(input.word(4)).common(offered)
                                                      : offered);
    if (input.flag())
        partition.observation.start();
}

} // namespace transom::hcall_fuzz

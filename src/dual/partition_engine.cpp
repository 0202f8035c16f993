// SPDX-License-Identifier: Apache-2.0
#include <arch/processors.hpp>
#include <arch/real_memory.hpp>
#include <arch/world.hpp>
#include <bit>
#include <transom/base/panic.hpp>
#include <transom/dual/engine_impl.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/partition.hpp>

namespace transom::dual {

namespace {

using memory::FrameState;

std::uint64_t group_words_of(const hpt::TableRoot& root) {
    return GroupMarks::words_for(std::uint64_t{1} << (root.log2_bytes - papr::log2_group_size));
}

std::uint64_t section_words_of(const hpt::TableRoot& root) {
    return ChangedSections::words_for(std::uint64_t{1} << (root.log2_bytes - papr::log2_entry_size));
}

Bytes memory_for(const hpt::TableRoot& root) {
    const Bytes words = (2 * group_words_of(root) + section_words_of(root)) * sizeof(std::uint64_t);
    return (Bytes{1} << root.log2_bytes) + RealAddr{words}.align_up(memory::frame_size).value;
}

} // namespace

bool PartitionEngine::take(const hpt::HashedPageTable& first, memory::Frames& frames) {
    invariant(!has_memory(), "a second page table is taken twice");
    const Bytes size = memory_for(first.root());
    const auto begin =
        frames.allocate(size, Bytes{1} << first.log2_bytes(), FrameState::page_table, memory::Contents::any);
    if (!begin)
        return false;
    memory_ = {*begin, size};
    root_ = first.root_at(*begin);
    prepared_ = 0;
    return true;
}

bool PartitionEngine::prepare(memory::Frames& frames) {
    if (prepared_ < memory_.size) {
        frames.zero({memory_.begin + prepared_, memory::frame_size});
        prepared_ += memory::frame_size;
    }
    return prepared_ >= memory_.size;
}

void PartitionEngine::begin(partition::Partition& partition, PageTracking& pages, StorePolicy stores) {
    invariant(has_memory() && prepared_ == memory_.size, "a second page table begins that is not zeroed");
    auto* words = reinterpret_cast<std::uint64_t*>(arch::real_pointer(memory_.begin + (Bytes{1} << root_.log2_bytes)));
    const Lpids lpids{partition.lpid, arch::second_lpid(partition.lpid)};
    if (lpids.second != lpids.first)
        arch::set_page_table(lpids.second, root_);
    std::span<std::uint64_t> usage{words + group_words_of(root_), group_words_of(root_)};
    std::span<std::uint64_t> sections{usage.data() + usage.size(), section_words_of(root_)};
    if (stores == StorePolicy::as_in_t1) // at the target
        sections = usage = {};
    const bool begun = start(partition.hpt, {.slots = hpt::RealSlots(root_.address, {}),
                                             .live_words = {words, group_words_of(root_)},
                                             .lpids = lpids,
                                             .pages = &pages,
                                             .calls = &partition.allowed_calls,
                                             .stores = stores,
                                             .section_words = sections,
                                             .usage_words = usage});
    invariant(begun, "a second page table begins while there is one");
}

Swept PartitionEngine::sweep_portion(Fold fold, RealRange only) { return sweep({}, fold, arch::timebase, only); }

void PartitionEngine::give_back(memory::Frames& frames) {
    abandon();
    if (has_memory())
        frames.release(memory_, FrameState::page_table);
    memory_ = {};
}

void PartitionEngine::end(memory::Frames& frames) {
    give_back(frames);
    resize_.end(frames);
}

bool PartitionEngine::begin_change(partition::Partition& partition, const hpt::TableRoot& root) {
    const Lpids lpids{partition.lpid, arch::second_lpid(partition.lpid)};
    root_ = root;
    if (lpids.second != lpids.first)
        arch::set_page_table(lpids.second, root_);
    return start_change(lpids, partition.allowed_calls);
}

FaultOutcome PartitionEngine::fault_while_changing(EffectiveAddr where, bool real_mode,
                                                   const memory::LogicalMemory& memory, std::uint64_t refused) {
    if (real_mode && (refused & cause::no_entry) != 0 && resize_.next().insert_real_mode(where, memory))
        return {};
    return {.answer = FaultAnswer::reflect, .cause = refused};
}

void PartitionEngine::bring_out(const partition::Partition& partition, std::uint64_t which) {
    for (std::uint64_t left = which; left != 0; left &= left - 1)
        if (const std::uint32_t on = partition.vcpus[static_cast<unsigned>(std::countr_zero(left))].on;
            on != partition::Vcpu::nowhere)
            arch::kick(on);
}

} // namespace transom::dual

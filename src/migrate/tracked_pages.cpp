// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <transom/migrate/tracked_pages.hpp>

namespace transom::migrate {

using memory::FrameState;

namespace {

DecisionLimits limits_of(const MoveOptions& options) {
    DecisionLimits limits;
    limits.mode = options.mode == MoveMode::pre_copy ? CopyMode::pre_copy : CopyMode::hybrid;
    limits.downtime_ms = options.downtime_ms;
    limits.downtime_cap_ms = std::max(limits.downtime_cap_ms, options.downtime_ms);
    return limits;
}

} // namespace

SourcePages* TrackedPages::begin(const partition::Partition& partition, std::uint64_t timebase_frequency,
                                 const MoveOptions& options) {
    end();
    const Bytes room = SourcePages::room_for(partition.memory.size(), partition.granule);
    const Bytes size = RealAddr{room}.align_up(memory::frame_size).value;
    const auto begin = frames_.allocate(size, memory::frame_size, FrameState::hypervisor,
                                        memory::Contents::any); // SourcePages begins with all of it
    if (!begin)
        return nullptr;
    memory_ = {*begin, size};
    partition_ = &partition;
    return &pages_.emplace(
        partition.memory.size(), partition.granule, std::span(arch::real_pointer(*begin), room),
        PageRules{.frequency = timebase_frequency, .order = {.policy = options.order}, .decision = limits_of(options)});
}

void TrackedPages::end() {
    pages_.reset();
    partition_ = nullptr;
    tracked_ = false;
    if (!memory_.empty())
        frames_.release(memory_, FrameState::hypervisor);
    memory_ = {};
}

} // namespace transom::migrate

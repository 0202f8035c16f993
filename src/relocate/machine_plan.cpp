// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <new>
#include <transom/base/panic.hpp>
#include <transom/relocate/machine_plan.hpp>

namespace transom::relocate {

using affinity::Amounts;
using memory::FrameState;

namespace {

/// Places looked at between two looks at the clock.
constexpr std::uint64_t at_once = 50;
/// More than that find nothing in a small system.
constexpr std::uint64_t enough_for_each = 2'000;

constexpr std::size_t steps_for(std::size_t nodes, std::size_t partitions) { return 4 * nodes * partitions + 8; }

constexpr Bytes aligned(Bytes size) { return (size + 7) & ~Bytes{7}; }

template <class T> std::span<T> cut(std::span<std::byte>& room, std::size_t count) {
    T* const first = reinterpret_cast<T*>(room.data());
    for (std::size_t i = 0; i < count; ++i)
        new (first + i) T{};
    room = room.subspan(aligned(count * sizeof(T)));
    return {first, count};
}

} // namespace

bool MachinePlan::take(std::size_t partitions, const affinity::Topology& topology) {
    invariant(!under_way(), "a plan begins while there is one");
    const std::size_t nodes = topology.nodes().count();
    const Bytes size =
        aligned(partitions * sizeof(partition::Partition*)) + aligned(partitions * sizeof(affinity::Partition)) +
        aligned(steps_for(nodes, partitions) * sizeof(affinity::Step)) +
        aligned(affinity::Allocation::room_for(nodes, partitions)) + affinity::Planner::room_for(nodes, partitions);
    const Bytes whole = RealAddr{size}.align_up(memory::frame_size).value;
    const auto begin = frames_.allocate(whole, memory::frame_size, FrameState::hypervisor);
    if (!begin)
        return false;
    memory_ = {*begin, whole};
    rest_ = {arch::real_pointer(*begin), whole};
    partitions_ = cut<partition::Partition*>(rest_, partitions);
    as_planned_ = cut<affinity::Partition>(rest_, partitions);
    steps_ = cut<affinity::Step>(rest_, steps_for(nodes, partitions));
    count_ = 0;
    return true;
}

void MachinePlan::add(partition::Partition& partition, const affinity::Partition& as_planned) {
    partitions_[count_] = &partition;
    as_planned_[count_++] = as_planned;
}

void MachinePlan::start(const affinity::Topology& topology) {
    const std::size_t nodes = nodes_.count();
    const Bytes for_current = aligned(affinity::Allocation::room_for(nodes, count_));
    current_.emplace(nodes_, as_planned_.first(count_), rest_.first(for_current));
    std::array<Amounts, affinity::max_nodes> on;
    for (std::size_t p = 0; p < count_; ++p)
        current_->put(p, place_of(*partitions_[p], topology, on));
    const std::uint64_t work = std::min(affinity::Planner::usual_work(nodes, count_), enough_for_each * nodes * count_);
    planner_.emplace(affinity::metric(affinity::Formula::composite), *current_, work, rest_.subspan(for_current));
}

bool MachinePlan::improve(std::uint64_t ticks) {
    const std::uint64_t began = arch::timebase();
    while (planner_->improve(at_once))
        if (arch::timebase() - began >= ticks)
            return true;
    return false;
}

void MachinePlan::end() {
    planner_.reset();
    current_.reset();
    partitions_ = {};
    as_planned_ = {};
    steps_ = {};
    rest_ = {};
    count_ = 0;
    if (!memory_.empty())
        frames_.release(memory_, FrameState::hypervisor);
    memory_ = {};
}

} // namespace transom::relocate

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/world.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/partition.hpp>

// What of a resize is done between the turns of virtual processors.
namespace transom::dual {

using memory::FrameState;
using partition::Partition;

namespace {

// A portion, of a table of which a slot has 24 bytes: a fraction of a millisecond.
constexpr Bytes zeroed_at_once = kib(512);
constexpr std::uint64_t slots_at_once = 8192;

} // namespace

bool PartitionResize::move_if(ResizeStep from, ResizeStep to) {
    const Locked control(control_);
    if (step() != from)
        return false;
    move(to);
    return true;
}

/// What comes of this the partition may ask for as often as it likes, so none of it is logged.
bool PartitionResize::take_memory(memory::Frames& frames) {
    const Bytes size = hpt::size_with_words(log2_bytes_);
    const auto begin = frames.allocate(size, Bytes{1} << log2_bytes_, FrameState::page_table, memory::Contents::any);
    if (!begin)
        return false;
    spare_ = {*begin, size};
    zeroed_ = 0;
    return true;
}

/// Calls go to both tables before anything is copied, so that nothing is entered unseen meanwhile.
void PartitionResize::prepare_portion(Partition& partition, memory::Frames& frames) {
    if (spare_.empty() && !take_memory(frames)) {
        static_cast<void>(move_if(ResizeStep::wanted, ResizeStep::no_memory));
        return;
    }
    for (const Bytes end = std::min(spare_.size, zeroed_ + zeroed_at_once); zeroed_ < end;
         zeroed_ += memory::frame_size)
        frames.zero({spare_.begin + zeroed_, memory::frame_size});
    if (zeroed_ < spare_.size)
        return;
    const Locked control(control_);
    if (step() != ResizeStep::wanted)
        return;
    tables_.begin(partition.hpt, hpt::RealSlots(spare_.begin, hpt::guest_words_behind(spare_.begin, log2_bytes_)),
                  log2_bytes_);
    engine_.know_lpids({partition.lpid, arch::second_lpid(partition.lpid)});
    partition.allowed_calls.divert(CallsGo::to_resizing);
    engine_.begin_grace();
    move(ResizeStep::diverting);
}

void PartitionResize::fold_portion(Partition& partition, memory::Frames& frames, ResizePortion& portion) {
    switch (engine_.advance()) {
    case Phase::drain:
        if (portion.take() && tables_.fold(slots_at_once))
            engine_.end_drain();
        return;
    case Phase::normal:
        release(frames);
        static_cast<void>(move_if(ResizeStep::folding, ResizeStep::idle));
        return;
    default:
        PartitionEngine::bring_out(partition, engine_.awaited());
    }
}

void PartitionResize::release(memory::Frames& frames) {
    if (!spare_.empty())
        frames.release(spare_, FrameState::page_table);
    spare_ = {};
}

bool PartitionResize::work(Partition& partition, memory::Frames& frames, ResizePortion& portion) {
    switch (step()) {
    case ResizeStep::wanted:
        if (portion.take())
            prepare_portion(partition, frames);
        break;
    case ResizeStep::diverting:
        PartitionEngine::bring_out(partition, engine_.grace_awaits());
        if (engine_.grace_awaits() == 0)
            static_cast<void>(move_if(ResizeStep::diverting, ResizeStep::copying));
        break;
    case ResizeStep::copying:
        if (portion.take() && tables_.copy(slots_at_once))
            static_cast<void>(move_if(ResizeStep::copying, ResizeStep::prepared));
        break;
    case ResizeStep::closing:
    case ResizeStep::switching: {
        const Locked control(control_);
        go_on(partition);
        break;
    }
    case ResizeStep::folding:
        fold_portion(partition, frames, portion);
        break;
    case ResizeStep::dropping:
        PartitionEngine::bring_out(partition, engine_.grace_awaits());
        if (engine_.grace_awaits() == 0) {
            release(frames);
            static_cast<void>(move_if(ResizeStep::dropping, ResizeStep::idle));
        }
        break;
    case ResizeStep::idle:
    case ResizeStep::no_memory:
    case ResizeStep::prepared:
        break;
    }
    const ResizeStep now = step();
    return now != ResizeStep::idle && now != ResizeStep::no_memory && now != ResizeStep::prepared;
}

} // namespace transom::dual

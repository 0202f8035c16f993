// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/tlb.hpp>
#include <arch/world.hpp>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hpt {

template class Table<dual::ResizeSlots<RealSlots>>;

} // namespace transom::hpt

namespace transom::dual {

using memory::FrameState;
using papr::Status;
using partition::Partition;

namespace {

// What a turn of work() does, of a table of which a slot has 24 bytes: a fraction of a millisecond.
constexpr Bytes zeroed_at_once = kib(512);
constexpr std::uint64_t slots_at_once = 8192;

constexpr Status in_progress = Status::long_busy_10_ms;

} // namespace

bool PartitionResize::move_if(ResizeStep from, ResizeStep to) {
    const Locked control(control_);
    if (step() != from)
        return false;
    move(to);
    return true;
}

void PartitionResize::drop(Partition& partition) {
    move(ResizeStep::dropping);
    partition.allowed_calls.divert(CallsGo::to_first);
    engine_.begin_grace();
    partition.pool->sleepers.wake_for_tasks();
}

Status PartitionResize::prepare(Partition& partition, unsigned log2_bytes) {
    const Locked control(control_);
    if (held_ || engine_.has_memory() || (engine_.active() && !engine_.changes_table()))
        return log2_bytes == 0 ? Status::success : Status::resource; // a migration, and nothing is prepared
    switch (step()) {
    case ResizeStep::idle:
        break;
    case ResizeStep::switching:
    case ResizeStep::folding:
    case ResizeStep::dropping: // the last one's memory comes first
        return log2_bytes == 0 ? Status::success : in_progress;
    case ResizeStep::no_memory:
        move(ResizeStep::idle);
        if (log2_bytes == log2_bytes_)
            return Status::resource;
        break;
    case ResizeStep::wanted:
    case ResizeStep::diverting:
    case ResizeStep::copying:
    case ResizeStep::prepared:
        if (log2_bytes == log2_bytes_)
            return step() == ResizeStep::prepared ? Status::success : in_progress;
        drop(partition);
        return log2_bytes == 0 ? Status::success : in_progress;
    }
    if (log2_bytes == 0)
        return Status::success;
    log2_bytes_ = log2_bytes;
    committer_ = nobody;
    move(ResizeStep::wanted);
    partition.pool->sleepers.wake_for_tasks();
    return in_progress;
}

std::optional<Status> PartitionResize::commit(Partition& partition, std::uint32_t caller, unsigned log2_bytes) {
    const Locked control(control_);
    if (step() == ResizeStep::switching && !change_over(partition))
        return {};
    if (committer_ == caller && log2_bytes == log2_bytes_) {
        committer_ = nobody;
        return Status::success;
    }
    if (log2_bytes != log2_bytes_)
        return Status::closed;
    switch (step()) {
    case ResizeStep::wanted:
    case ResizeStep::diverting:
    case ResizeStep::copying:
        return Status::busy;
    case ResizeStep::prepared:
        break;
    default:
        return Status::closed;
    }
    if (tables_.full()) {
        drop(partition);
        return Status::pteg_full;
    }
    hpt::TableRoot root = partition.hpt.root_at(spare_.begin);
    root.log2_bytes = log2_bytes_;
    invariant(engine_.begin_change(partition, root), "a page table changes its size while there is a second one");
    committer_ = caller;
    move(ResizeStep::switching);
    PartitionEngine::bring_out(partition, engine_.awaited() & ~(std::uint64_t{1} << caller));
    return {};
}

/// True: the new table is the partition's. Who is inside walks it, and is in no call.
bool PartitionResize::change_over(Partition& partition) {
    if (!engine_.all_on_second()) {
        PartitionEngine::bring_out(partition, engine_.awaited());
        return false;
    }
    const RealRange old{partition.hpt.address(), hpt::size_with_words(partition.hpt.log2_bytes())};
    partition.hpt.init(spare_.begin, log2_bytes_, hpt::guest_words_behind(spare_.begin, log2_bytes_),
                       partition.hpt.options());
    arch::set_page_table(partition.lpid, partition.hpt.root());
    static_cast<void>(arch::Tlb::flush_partition(engine_.lpids().both()));
    tables_.change_over();
    spare_ = old;
    move(ResizeStep::folding);
    partition.allowed_calls.divert(CallsGo::to_resizing);
    engine_.stop();
    partition.pool->sleepers.wake_for_tasks();
    return true;
}

bool PartitionResize::hold(Partition& partition) {
    const Locked control(control_);
    switch (step()) {
    case ResizeStep::switching:
    case ResizeStep::folding:
        return false;
    case ResizeStep::wanted:
    case ResizeStep::diverting:
    case ResizeStep::copying:
    case ResizeStep::prepared:
        drop(partition);
        break;
    case ResizeStep::idle:
    case ResizeStep::no_memory:
    case ResizeStep::dropping:
        break;
    }
    held_ = true;
    return true;
}

void PartitionResize::let() {
    const Locked control(control_);
    held_ = false;
}

bool PartitionResize::take_memory(const Partition& partition, memory::Frames& frames) {
    const Bytes size = hpt::size_with_words(log2_bytes_);
    const auto begin = frames.allocate(size, Bytes{1} << log2_bytes_, FrameState::page_table, memory::Contents::any);
    if (!begin) {
        log("partition {}: no free run of {} MiB for a page table of another size", partition.name(), size >> 20);
        return false;
    }
    spare_ = {*begin, size};
    zeroed_ = 0;
    return true;
}

/// Calls go to both tables before anything is copied, so that nothing is entered unseen meanwhile.
void PartitionResize::prepare_portion(Partition& partition, memory::Frames& frames) {
    if (spare_.empty() && !take_memory(partition, frames)) {
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

void PartitionResize::fold_portion(Partition& partition, memory::Frames& frames) {
    switch (engine_.advance()) {
    case Phase::drain:
        if (tables_.fold(slots_at_once))
            engine_.end_drain();
        return;
    case Phase::normal:
        log("partition {}: its page table has 2^{} bytes now", partition.name(), partition.hpt.log2_bytes());
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

bool PartitionResize::work(Partition& partition, memory::Frames& frames) {
    switch (step()) {
    case ResizeStep::wanted:
        prepare_portion(partition, frames);
        break;
    case ResizeStep::diverting:
        PartitionEngine::bring_out(partition, engine_.grace_awaits());
        if (engine_.grace_awaits() == 0)
            static_cast<void>(move_if(ResizeStep::diverting, ResizeStep::copying));
        break;
    case ResizeStep::copying:
        if (tables_.copy(slots_at_once))
            static_cast<void>(move_if(ResizeStep::copying, ResizeStep::prepared));
        break;
    case ResizeStep::switching: {
        const Locked control(control_);
        if (step() == ResizeStep::switching)
            static_cast<void>(change_over(partition));
        break;
    }
    case ResizeStep::folding:
        fold_portion(partition, frames);
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

void PartitionResize::end(memory::Frames& frames) {
    const Locked control(control_);
    release(frames);
    held_ = false;
    committer_ = nobody;
    move(ResizeStep::idle);
}

} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/tlb.hpp>
#include <arch/world.hpp>
#include <transom/base/panic.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/partition.hpp>
#include <utility>

namespace transom::hpt {

template class Table<dual::ResizeSlots<RealSlots>>;

} // namespace transom::hpt

namespace transom::dual {

using papr::Status;
using partition::Partition;

namespace {

constexpr Status in_progress = Status::long_busy_10_ms;

} // namespace

void PartitionResize::drop(Partition& partition) {
    move(ResizeStep::dropping);
    partition.allowed_calls.divert(CallsGo::to_first);
    engine_.begin_grace();
    partition.pool->sleepers.wake_for_tasks();
}

Status PartitionResize::prepare(Partition& partition, unsigned log2_bytes) {
    const Locked control(control_);
    if (held_ != 0 || engine_.has_memory() || engine_.has_twins())
        return log2_bytes == 0 ? Status::success : Status::resource; // a migration, and nothing is prepared
    switch (step()) {
    case ResizeStep::idle:
        break;
    case ResizeStep::closing:
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
    go_on(partition);
    if (is_committed())
        return {};
    if (committer_ == caller && log2_bytes == log2_bytes_) {
        committer_ = nobody;
        return answer_;
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
    committer_ = caller;
    move(ResizeStep::closing);
    // A call that has begun brings what it changes to the new table too, but does not end there what a TLB has: nobody is to walk it yet.
    engine_.close_calls(partition.allowed_calls);
    PartitionEngine::bring_out(partition, engine_.grace_awaits() & ~(std::uint64_t{1} << caller));
    return {};
}

/// With a commit, as far as it can be done now.
void PartitionResize::go_on(Partition& partition) {
    if (step() == ResizeStep::closing)
        begin_switching(partition);
    if (step() == ResizeStep::switching)
        change_over(partition);
}

void PartitionResize::begin_switching(Partition& partition) {
    if (engine_.grace_awaits() != 0)
        return PartitionEngine::bring_out(partition, engine_.grace_awaits());
    // Nobody enters anything any more, so what is said now stays true.
    if (tables_.full()) {
        drop(partition);
        return answer(Status::pteg_full);
    }
    hpt::TableRoot root = partition.hpt.root_at(spare_.begin);
    root.log2_bytes = log2_bytes_;
    invariant(engine_.begin_change(partition, root), "a page table changes its size while there is a second one");
    move(ResizeStep::switching);
}

/// Where all are there, the new table is the partition's. Who is inside walks it, and is in no call.
void PartitionResize::change_over(Partition& partition) {
    if (!engine_.all_on_second())
        return PartitionEngine::bring_out(partition, engine_.awaited());
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
    answer(Status::success);
}

void PartitionResize::answer(Status status) {
    answer_ = status;
    answered_at_ = arch::timebase();
}

bool PartitionResize::hold(Partition& partition, std::uint64_t patience, Holder holder) {
    const Locked control(control_);
    if (committer_ != nobody && arch::timebase() - answered_at_ < patience)
        return false;
    switch (step()) {
    case ResizeStep::closing:
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
    held_ |= std::to_underlying(holder);
    return true;
}

void PartitionResize::let(Holder holder) {
    const Locked control(control_);
    held_ &= static_cast<std::uint8_t>(~std::to_underlying(holder));
}

void PartitionResize::end(memory::Frames& frames) {
    const Locked control(control_);
    release(frames);
    held_ = 0;
    committer_ = nobody;
    move(ResizeStep::idle);
}

} // namespace transom::dual

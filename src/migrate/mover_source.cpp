// SPDX-License-Identifier: Apache-2.0
#include <transom/base/log.hpp>
#include <transom/migrate/mover.hpp>

// What a move asks of this machine as its source.

namespace transom::migrate {

using partition::Partition;
using partition::PartitionState;

/// The last move's is not empty yet, or what a resize had prepared is on its way back.
bool Mover::has_table_before(Partition& partition) {
    return partition.dual->active() || partition.dual->resize().gives_memory_back();
}

std::expected<void, Failure> Mover::take_second_table(Partition& partition) {
    dual::PartitionEngine& engine = *partition.dual;
    if (engine.has_memory() || engine.take(partition.hpt, frames_))
        return {};
    return std::unexpected(failure(MoveError::memory,
                                   "no memory for a second page table of {} MiB: free some, or move it "
                                   "while it stands still (mode=stop-and-copy)",
                                   Bytes{1} << partition.hpt.log2_bytes() >> 20));
}

/// Whether there is memory for it now. None stays taken.
std::expected<void, Failure> Mover::check_second_table(Partition& partition) {
    if (has_table_before(partition))
        return {}; // as much as it needs is on its way back
    const auto taken = take_second_table(partition);
    if (taken)
        partition.dual->give_back(frames_);
    return taken;
}

std::expected<Headway, Failure> Mover::track(Partition& partition, PageStateTable& pages) {
    dual::PartitionEngine& engine = *partition.dual;
    if (!pages_.tracked()) {
        if (has_table_before(partition))
            return Headway::none;
        const auto prepared = prepare_second_table(partition, step_ticks_);
        if (!prepared)
            return std::unexpected(prepared.error());
        if (!*prepared)
            return Headway::some;
        partition.memory.watch_writes(&pages);
        engine.begin(partition, pages, dual::StorePolicy::when_stored);
        pages_.set_tracked(true);
    }
    return engine.advance() == dual::Phase::dual && engine.have_all_come() ? Headway::done : Headway::none;
}

Headway Mover::watch(Partition& partition) {
    const dual::Swept swept = partition.dual->sweep_portion(dual::Fold::read_only);
    if (swept.at_end)
        return Headway::done;
    return swept.groups != 0 ? Headway::some : Headway::none;
}

void Mover::untrack(Partition& partition) {
    if (pages_.tracked()) {
        pages_.set_tracked(false);
        partition.memory.watch_writes(nullptr);
        partition.dual->stop();
    } else if (!partition.dual->active()) {
        partition.dual->give_back(frames_);
    }
}

/// One that has ended meanwhile is not suspended: ended() will be told.
bool Mover::suspend(Partition& partition) { return roster_.suspend(partition); }

void Mover::resume(Partition& partition) {
    if (roster_.resume(partition))
        announce(partition);
}

void Mover::release(Partition& partition, bool whole) {
    if (whole && leaving_.begin(partition))
        return;
    digests_.forget(partition.name());
    if (whole)
        log("migration: there are no digests of {}: no memory, or another partition is just leaving", partition.name());
    let_go(partition);
}

void Mover::let_go(Partition& partition) {
    source_.left(partition);
    observer_.left(partition);
    roster_.destroy(partition);
}

void Mover::definition_read(const Partition& partition, std::uint64_t digest) {
    observer_.definition_read(partition, digest);
}

} // namespace transom::migrate

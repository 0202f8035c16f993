// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <arch/tlb.hpp>
#include <transom/base/panic.hpp>
#include <transom/dual/dual_table_impl.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/relocate/relocation.hpp>

namespace transom::relocate {

using dual::PartitionEngine;
using memory::FrameState;

void Relocation::limit(std::uint64_t bytes_per_second) { pacer_ = {bytes_per_second, frequency_, arch::timebase()}; }

std::expected<void, RelocationError> Relocation::begin(partition::Partition& partition) {
    invariant(!under_way(), "a relocation begins while there is one");
    PartitionEngine& engine = *partition.dual;
    if (engine.active() || engine.has_memory() ||
        !engine.resize().hold(partition, frequency_, dual::Holder::relocation))
        return std::unexpected(RelocationError::busy);
    if (engine.resize().gives_memory_back()) { // what it had prepared; there is more room in a moment
        engine.resize().let(dual::Holder::relocation);
        return std::unexpected(RelocationError::busy);
    }
    migrate::SourcePages* const pages = states_.begin(partition, frequency_, {});
    if (pages == nullptr || !engine.take(partition.hpt, frames_)) {
        states_.end();
        engine.resize().let(dual::Holder::relocation);
        return std::unexpected(RelocationError::no_memory);
    }
    partition_ = &partition;
    table_ = &pages->table();
    placed_.emplace(partition.memory, *table_);
    costs_ = {};
    pacer_.skip(0);
    step_ = Step::preparing;
    return {};
}

void Relocation::move(std::size_t block, RealAddr to) {
    invariant(is_ready(), "a block moves before it can be");
    block_.begin(*partition_, *table_, block, to);
}

void Relocation::move_table(RealAddr to) {
    invariant(is_ready(), "a page table moves before it can");
    table_move_.begin(*partition_, to);
}

void Relocation::finish() {
    give_up();
    if (step_ == Step::preparing) {
        partition_->dual->give_back(frames_);
        return let_go();
    }
    if (step_ != Step::tracking && step_ != Step::ready)
        return;
    if (costs_.blocks == 0)
        return go_back();
    partition_->dual->begin_grace();
    step_ = Step::settling;
}

bool Relocation::work(std::uint64_t ticks) {
    PartitionEngine* const engine = partition_ != nullptr ? partition_->dual : nullptr;
    switch (step_) {
    case Step::idle:
        return false;
    case Step::preparing:
        return prepare(ticks);
    case Step::tracking:
        if (engine->advance() != dual::Phase::dual || !engine->have_all_come())
            return false; // the attendant brings them
        step_ = Step::ready;
        return true;
    case Step::ready:
        if (block_.under_way())
            return may_copy() && work_on_block(ticks);
        return table_move_.under_way() && !is_outrun() && work_on_table(ticks);
    case Step::settling:
        if (const std::uint64_t awaited = engine->grace_awaits(); awaited != 0) {
            PartitionEngine::bring_out(*partition_, awaited);
            return false;
        }
        next_ = {};
        step_ = Step::placing;
        return true;
    case Step::placing:
        if (!place(ticks))
            return true;
        // Nobody walks T1, and what TLBs still have of it is from before.
        static_cast<void>(arch::Tlb::flush_partition(engine->lpids().of_first()));
        go_back();
        return false;
    case Step::returning:
        if (!engine->active())
            let_go();
        return false;
    case Step::ended:
        forget();
        return false;
    }
    return false;
}

bool Relocation::prepare(std::uint64_t ticks) {
    PartitionEngine& engine = *partition_->dual;
    if (engine.resize().gives_memory_back()) // what it had prepared, when it was told to hold
        return false;
    const std::uint64_t began = arch::timebase();
    while (!engine.prepare(frames_))
        if (arch::timebase() - began >= ticks)
            return true;
    partition_->memory.watch_writes(table_);
    engine.begin(*partition_, *placed_, dual::StorePolicy::when_stored);
    step_ = Step::tracking;
    return true;
}

/// What is copied again is paid for by the next block: while it waited, more would be stored to, and the block be closed for longer.
bool Relocation::may_copy() {
    const BlockCosts& now = block_.costs();
    const std::uint64_t pages = costs_.pages_copied + costs_.pages_at_last + now.pages_copied + now.pages_at_last;
    return !block_.is_in_first_pass() || pacer_.may_send(arch::timebase(), pages * partition_->granule);
}

bool Relocation::work_on_block(std::uint64_t ticks) {
    if (!block_.work(ticks))
        return true;
    frames_.release({block_.old_place(), memory::block_size}, FrameState::partition);
    const BlockCosts& costs = block_.costs();
    ++costs_.blocks;
    costs_.pages_copied += costs.pages_copied;
    costs_.pages_at_last += costs.pages_at_last;
    costs_.longest_closed_ticks = std::max(costs_.longest_closed_ticks, costs.closed_ticks);
    return true;
}

bool Relocation::work_on_table(std::uint64_t ticks) {
    if (!table_move_.work(ticks))
        return true;
    frames_.release({table_move_.old_place(), hpt::size_with_words(partition_->hpt.log2_bytes())},
                    FrameState::page_table);
    costs_.stopped_ticks += table_move_.stopped_ticks();
    return true;
}

/// True: T1 knows where all of it is.
bool Relocation::place(std::uint64_t ticks) {
    constexpr std::uint64_t at_once = 512; // slots between two looks at the clock
    auto& table = partition_->dual->table();
    const std::uint64_t began = arch::timebase();
    const papr::Ptex end{partition_->hpt.slot_count()};
    while (next_ < end) {
        const papr::Ptex until{std::min(end.value, next_.value + at_once)};
        for (; next_ < until; ++next_.value)
            table.place_again(next_);
        if (arch::timebase() - began >= ticks)
            break;
    }
    return next_ == end;
}

void Relocation::go_back() {
    partition_->memory.watch_writes(nullptr);
    partition_->dual->stop();
    step_ = Step::returning;
}

void Relocation::give_up() {
    if (block_.under_way()) {
        block_.give_up();
        frames_.release({block_.new_place(), memory::block_size}, FrameState::partition);
    }
    if (table_move_.under_way()) {
        table_move_.give_up();
        frames_.release({table_move_.new_place(), hpt::size_with_words(partition_->hpt.log2_bytes())},
                        FrameState::page_table);
    }
}

/// Its second page table is gone: nobody tells of its pages any more.
void Relocation::let_go() {
    partition_->dual->resize().let(dual::Holder::relocation);
    forget();
}

void Relocation::forget() {
    states_.end();
    placed_.reset();
    table_ = nullptr;
    partition_ = nullptr;
    step_ = Step::idle;
}

void Relocation::ended(const partition::Partition& partition) {
    if (partition_ != &partition)
        return;
    give_up();
    partition_ = nullptr;
    step_ = Step::ended; // its processors may tell of its pages until it is destroyed
}

} // namespace transom::relocate

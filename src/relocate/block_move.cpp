// SPDX-License-Identifier: Apache-2.0
#include <arch/cache.hpp>
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/relocate/block_move.hpp>
#include <utility>

namespace transom::relocate {

using dual::Fold;
using migrate::PageIndex;
using migrate::PageStatus;

namespace {

/// So few are copied at last sooner than one more pass, and its sweep, would be over.
constexpr std::uint64_t few_pages = 4;
constexpr unsigned most_passes = 6;

} // namespace

void BlockMove::begin(partition::Partition& partition, migrate::PageStateTable& states, std::size_t block,
                      RealAddr to) {
    invariant(!under_way(), "a block moves while another one does");
    const Bytes granule = partition.granule;
    *this = BlockMove();
    partition_ = &partition;
    states_ = &states;
    block_ = block;
    from_ = partition.memory.block(block);
    to_ = to;
    first_ = next_ = {block * memory::block_size / granule};
    end_ = {first_.value + memory::block_size / granule};
    // Whatever has become of its pages before, at the new place there is nothing of them.
    states.written({block * memory::block_size}, memory::block_size);
    step_ = Step::copying;
}

bool BlockMove::work(std::uint64_t ticks) {
    const std::uint64_t began = arch::timebase();
    switch (step_) {
    case Step::idle:
        return false;
    case Step::copying:
        if (copy_pass(began, ticks)) {
            partition_->dual->restart_sweep();
            step_ = Step::sweeping;
        }
        return false;
    case Step::sweeping:
        if (sweep(began, ticks))
            end_pass();
        return false;
    case Step::closing:
        if (const std::uint64_t awaited = partition_->dual->grace_awaits(); awaited != 0) {
            dual::PartitionEngine::bring_out(*partition_, awaited);
            return false;
        }
        begin_eviction();
        [[fallthrough]];
    case Step::evicting:
        if (!evict(began, ticks))
            return false;
        finish();
        return true;
    }
    return false;
}

/// True: that was the last of its pages.
bool BlockMove::copy_pass(std::uint64_t began, std::uint64_t ticks) {
    while (next_ < end_) {
        costs_.pages_copied += copy(next_, pass_ == 0 ? Copy::all : Copy::quiet) ? 1 : 0;
        ++next_.value;
        if (arch::timebase() - began >= ticks)
            break;
    }
    return next_ == end_;
}

/// False: it has been copied as it is, or somebody can store to it.
bool BlockMove::copy(PageIndex page, Copy which) {
    const bool claimed = which == Copy::all     ? states_->claim_as_it_is(page)
                         : which == Copy::quiet ? states_->claim(page)
                                                : states_->claim_stopped(page);
    if (!claimed)
        return false;
    const Bytes granule = partition_->granule;
    const Bytes offset = (page.value - first_.value) * granule;
    std::memcpy(arch::real_pointer(to_ + offset), arch::real_pointer(from_ + offset), granule);
    arch::synchronize_instructions(to_ + offset, granule); // there may be some
    states_->sent(page);                                   // or altered meanwhile: then it is copied again
    return true;
}

std::uint64_t BlockMove::pages_left() const {
    std::uint64_t left = 0;
    for (PageIndex page = first_; page < end_; ++page.value)
        left += states_->state(page).status() == PageStatus::sent ? 0 : 1;
    return left;
}

/// Takes leave to store away, so that pages can be copied that are not stored to any more. True: that was all of the table.
bool BlockMove::sweep(std::uint64_t began, std::uint64_t ticks) {
    do {
        if (partition_->dual->sweep_portion(Fold::read_only, {from_, memory::block_size}).at_end)
            return true;
    } while (arch::timebase() - began < ticks);
    return false;
}

/// As long as passes make what is left less, one more.
void BlockMove::end_pass() {
    const std::uint64_t before = std::exchange(left_, pages_left());
    ++pass_;
    const bool helps = pass_ == 1 || left_ * 4 <= before * 3;
    if (left_ > few_pages && helps && pass_ < most_passes) {
        next_ = first_;
        step_ = Step::copying;
        return;
    }
    close();
}

void BlockMove::close() {
    closed_at_ = arch::timebase();
    partition_->memory.close(block_);
    partition_->dual->begin_grace();
    step_ = Step::closing;
}

void BlockMove::begin_eviction() {
    partition_->dual->restart_sweep();
    deferred_ = 0;
    step_ = Step::evicting;
}

/// Nobody begins to translate anything of the block. True: nobody has a translation of it any more. Where somebody was just changing one of its
/// entries, all of the table is looked at again: he will be done then.
bool BlockMove::evict(std::uint64_t began, std::uint64_t ticks) {
    do {
        const dual::Swept swept = partition_->dual->sweep_portion(Fold::evict, {from_, memory::block_size});
        deferred_ += swept.deferred;
        if (swept.at_end)
            return std::exchange(deferred_, 0) == 0 && !is_granted();
    } while (arch::timebase() - began < ticks);
    return false;
}

/// Whether somebody may store to a page of it, as far as that is counted.
bool BlockMove::is_granted() const {
    for (PageIndex page = first_; page < end_; ++page.value)
        if (!states_->entry(page).saturated() && states_->stores(page) != 0)
            return true;
    return false;
}

/// From here on it goes fast: virtual processors may be waiting.
void BlockMove::finish() {
    for (PageIndex page = first_; page < end_; ++page.value)
        if (states_->state(page).status() != PageStatus::sent)
            costs_.pages_at_last += copy(page, Copy::last) ? 1 : 0;
    {
        // Who looks into a registered area without having a turn holds it.
        const Locked events(partition_->events);
        partition_->memory.move_block(block_, to_);
        partition_->memory.open();
    }
    costs_.closed_ticks = arch::timebase() - closed_at_;
    step_ = Step::idle;
    partition::alert(*partition_);
}

void BlockMove::give_up() {
    if (step_ == Step::closing || step_ == Step::evicting) {
        partition_->memory.open();
        partition::alert(*partition_);
    }
    step_ = Step::idle;
}

} // namespace transom::relocate

// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <transom/base/panic.hpp>
#include <transom/relocate/home_change.hpp>
#include <transom/relocate/reallocator.hpp>

// The steps of a plan, one by one.

namespace transom::relocate {

using affinity::Step;
using memory::FrameState;
using partition::Partition;

namespace {

constexpr std::uint64_t patience_s = 10; // with a partition that has a second page table of somebody else's

} // namespace

bool Reallocator::take_step() {
    const Step& step = steps_[next_];
    Partition& partition = plan_.partition(step.partition);
    if (step.what == Step::What::processors)
        move_homes(partition, step);
    else if (!is_ready_for(partition))
        return false;
    // Of the last one it is known only now that it has moved.
    if (moved_ == step.count) {
        moved_ = 0;
        ++next_;
        ++report_.steps_done;
        return true;
    }
    if (moved_ == 0 && begins_exchange(next_) && free_blocks(topology_, frames_, step.to) < step.count) {
        end_for_want_of_room();
        return false;
    }
    if (!(step.what == Step::What::memory ? move_block(partition, step) : move_table(partition, step)))
        return false;
    ++moved_;
    return true;
}

/// Whether blocks begin to change places there. They do as a whole or not at all, so what moves first has to have room.
bool Reallocator::begins_exchange(std::size_t step) const {
    return steps_[step].with_next && (step == 0 || !steps_[step - 1].with_next) &&
           steps_[step].what == Step::What::memory;
}

void Reallocator::move_homes(Partition& partition, const Step& step) {
    for (std::uint32_t i = 0; i < partition.vcpu_count && moved_ != step.count; ++i)
        if (partition.vcpus[i].home == step.from) {
            change_home(partition.vcpus[i], step.to, topology_);
            ++moved_;
        }
    moved_ = step.count;
}

/// Whether blocks of it can be moved, and the last one has been.
bool Reallocator::is_ready_for(Partition& partition) {
    if (relocation_.under_way() && relocation_.partition() != &partition) {
        if (relocation_.is_ready())
            relocation_.finish();
        return false;
    }
    if (!relocation_.under_way()) {
        begin_relocation(partition);
        return false;
    }
    if (relocation_.is_outrun()) {
        relocation_.finish();
        fail(JobFailure::outrun);
        return false;
    }
    return relocation_.is_ready();
}

void Reallocator::begin_relocation(Partition& partition) {
    const auto begun = relocation_.begin(partition);
    if (begun) {
        busy_since_ = 0;
        costs_before_ = report_.costs;
        own_before_ = report_.own_costs;
        return;
    }
    if (begun.error() == RelocationError::no_memory)
        return fail(JobFailure::no_memory);
    const std::uint64_t now = arch::timebase();
    if (busy_since_ == 0)
        busy_since_ = now;
    if (now - busy_since_ >= patience_s * frequency_)
        fail(JobFailure::busy);
}

std::optional<RealAddr> Reallocator::allocate_on(affinity::NodeIndex node, Bytes size, Bytes alignment, FrameState as) {
    std::optional<RealAddr> found;
    topology_.for_each_range(node, [&](RealRange range) {
        if (found)
            return;
        if (const auto place = frames_.allocate(size, alignment, as, memory::Contents::any, range))
            found = *place;
    });
    return found;
}

bool Reallocator::end_for_want_of_room() {
    relocation_.finish();
    fail(JobFailure::no_room);
    return false;
}

/// The highest block that it has there goes first: the lowest is the one in which a kernel has what it uses most.
bool Reallocator::move_block(Partition& partition, const Step& step) {
    std::size_t block = partition.memory.block_count();
    while (block != 0 && node_of(topology_, partition.memory.block(block - 1)) != step.from)
        --block;
    invariant(block != 0, "a plan moves more blocks than there are");
    const auto to = allocate_on(step.to, memory::block_size, memory::block_size, FrameState::partition);
    if (!to)
        return end_for_want_of_room();
    relocation_.move(block - 1, *to);
    return true;
}

bool Reallocator::move_table(const Partition& partition, const Step& step) {
    const unsigned log2_bytes = partition.hpt.log2_bytes();
    const auto to =
        allocate_on(step.to, hpt::size_with_words(log2_bytes), Bytes{1} << log2_bytes, FrameState::page_table);
    if (!to)
        return end_for_want_of_room();
    relocation_.move_table(*to);
    return true;
}

} // namespace transom::relocate

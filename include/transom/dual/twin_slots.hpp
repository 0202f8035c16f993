// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/protection.hpp>
#include <transom/dual/twins.hpp>
#include <transom/hpt/twinned.hpp>

namespace transom::dual {

/// The slots of T1 with their twins in T2, for hpt::Table: the page table as calls see it while there are two. What they read of
/// R and C is of both, and a twin goes before its entry. T1's lock guards both; a twin that is not in use is zero. Each of the
/// two is a `Slots`; the second has no guest words.
template <class Slots> class TwinSlots {
  public:
    using Single = Slots;

    TwinSlots() = default;
    TwinSlots(Slots first, Slots second, Twins& twins) : first_(first), second_(second), twins_(&twins) {}

    std::uint64_t d0(papr::Ptex slot) const { return first_.d0(slot); }
    std::uint64_t d0_first(papr::Ptex slot) const { return first_.d0_first(slot); }
    std::uint64_t d1(papr::Ptex slot) const { return first_.d1(slot) | (second_.d1(slot) & papr::d1::usage); }
    void set_d0(papr::Ptex slot, std::uint64_t value) { first_.set_d0(slot, value); }
    void set_d1(papr::Ptex slot, std::uint64_t value) { first_.set_d1(slot, value); }
    bool lock(papr::Ptex slot, std::uint64_t bit) { return first_.lock(slot, bit); }
    std::uint64_t guest_word(papr::Ptex slot) const { return first_.guest_word(slot); }
    void set_guest_word(papr::Ptex slot, std::uint64_t value) { first_.set_guest_word(slot, value); }
    void order() { first_.order(); }
    void complete() { first_.complete(); }

    // The following: with the slot's lock.

    void drop_twin(papr::Ptex slot) {
        const std::uint64_t d0 = second_.d0(slot);
        if ((d0 & papr::d0::valid) != 0)
            second_.set_d0(slot, d0 & ~papr::d0::valid); // and not zero: its R and C are wanted
    }
    void forget_twin(papr::Ptex slot) {
        if (second_.d0(slot) == 0)
            return;
        Counters& counters = twins_->counters;
        Counters::count(free_twin(slot) ? counters.drained_by_calls : counters.dropped_by_calls);
    }
    void changed(papr::Ptex slot) { twins_->sections.mark(slot); }
    /// It is invalid, no TLB has it, and its R and C have been taken. Whether it was one of those that were left to be drained.
    bool free_twin(papr::Ptex slot) {
        lower(slot, second_.d1(slot));
        second_.set_d1(slot, 0);
        second_.set_d0(slot, 0);
        return twins_->live.remove();
    }
    /// Who tracks pages hears that the twin with that d1 permits no stores any more.
    void lower(papr::Ptex slot, std::uint64_t d1) {
        if (permits_store(d1))
            twins_->pages->lower(page(slot), size(slot));
    }
    void raise(papr::Ptex slot) { twins_->pages->raise(page(slot), size(slot)); }

    /// The page of the entry in a slot, and how large it is, in the partition's view.
    LogicalAddr page(papr::Ptex slot) const { return hpt::page_address(entry(slot), hpt::page_sizes(entry(slot))); }
    Bytes size(papr::Ptex slot) const { return papr::bytes(hpt::page_sizes(entry(slot)).actual); }

    hpt::TableTurns& turns() { return *twins_->turns; }
    Twins& twins() const { return *twins_; }
    Slots& first() { return first_; }
    Slots& second() { return second_; }

  private:
    /// L is where the partition has it in every format.
    papr::PageTableEntry entry(papr::Ptex slot) const { return {first_.d0(slot), first_.guest_word(slot)}; }

    Slots first_, second_;
    Twins* twins_ = nullptr;
};

} // namespace transom::dual

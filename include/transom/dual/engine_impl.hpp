// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/dual_table_impl.hpp>
#include <transom/dual/engine.hpp>

namespace transom::dual {

template <class Slots, class Pair> void Engine<Slots, Pair>::move(Phase to) {
    twins_.phase.move(to);
    reached_[static_cast<std::size_t>(to)] = arch::timebase();
}

template <class Slots, class Pair>
bool Engine<Slots, Pair>::start(hpt::Table<Slots>& first, const SecondTable<Slots>& second) {
    const Locked control(control_);
    if (active())
        return false;
    twins_.groups = LiveGroups(second.live_words);
    twins_.pages = second.pages;
    twins_.stores = second.stores;
    twins_.turns = &first.turns();
    twins_.counters.reset();
    twins_.live.store(0, std::memory_order_relaxed);
    table_.init(Pair(first.slots(), second.slots, twins_), first.log2_bytes(), first.options());
    lpids_ = second.lpids;
    calls_ = second.calls;
    sweep_.restart();
    stopping_ = false;
    nobody_walks_.reset();
    live_at_switch_ = 0;
    epoch_.fetch_add(1);
    active_.store(true, std::memory_order_release);
    calls_->divert(true);
    walkers_.begin_grace(); // for the calls that are being made at T1 alone
    return true;
}

template <class Slots, class Pair> void Engine<Slots, Pair>::stop() {
    const Locked control(control_);
    stopping_ = true;
    if (phase() == Phase::dual)
        move(Phase::switching);
}

template <class Slots, class Pair> Phase Engine<Slots, Pair>::advance() {
    const Locked control(control_);
    while (active() && step()) {}
    return phase();
}

template <class Slots, class Pair> bool Engine<Slots, Pair>::step() {
    switch (phase()) {
    case Phase::normal:
        if (walkers_.awaited() != 0)
            return false;
        move(Phase::dual);
        return true;
    case Phase::dual:
        if (!stopping_)
            return false;
        move(Phase::switching);
        return true;
    case Phase::switching:
        if (walkers_.on_second() != 0)
            return false;
        // Nobody walks T2, no fault in it is being served, and after this no TLB has anything of it.
        nobody_walks_ = flush_partition(lpids_);
        live_at_switch_ = live();
        sweep_.restart();
        move(Phase::drain);
        return true;
    case Phase::drain:
        if (live() != 0)
            return false;
        move(Phase::release);
        calls_->divert(false);
        walkers_.begin_grace();
        return true;
    case Phase::release:
        if (walkers_.awaited() != 0)
            return false;
        move(Phase::normal);
        active_.store(false, std::memory_order_release);
        return false;
    }
    return false;
}

template <class Slots, class Pair>
template <class Clock>
Swept Engine<Slots, Pair>::sweep(const Portion& portion, Fold fold, Clock now) {
    const Locked control(control_);
    switch (phase()) {
    case Phase::dual:
        return sweep_.interval(table_, twins_, lpids_, portion, fold, nullptr, now);
    case Phase::drain:
        return sweep_.interval(table_, twins_, lpids_, portion, Fold::evict, &*nobody_walks_, now);
    default:
        return {};
    }
}

template <class Slots, class Pair> void Engine<Slots, Pair>::abandon() {
    const Locked control(control_);
    if (!active())
        return;
    invariant(walkers_.inside() == 0, "a second page table was taken from under a processor");
    static_cast<void>(flush_partition(lpids_));
    Pair slots = table_.slots();
    const papr::GroupIndex end{table_.slot_count() / papr::slots_per_group};
    for (papr::GroupIndex group; (group = twins_.groups.next(group, end)) < end; ++group.value) {
        for (unsigned i = 0; i < papr::slots_per_group; ++i)
            if (slots.second().d0(papr::ptex(group, i)) != 0)
                slots.free_twin(papr::ptex(group, i));
        twins_.groups.take(group);
    }
    twins_.phase.abandon();
    calls_->divert(false);
    epoch_.fetch_add(1);
    active_.store(false, std::memory_order_release);
}

template <class Slots, class Pair> FaultOutcome Engine<Slots, Pair>::fill(const Access& access) {
    auto begun = table_.begin_fill(access);
    if (!begun)
        return begun.error();
    // T1 stays as it is.
    const hpt::Flushed flushed = arch::Tlb::discharge(begun->obligation(), lpids_.second);
    table_.finish_fill(std::move(*begun), flushed);
    return {};
}

template <class Slots, class Pair> FaultOutcome Engine<Slots, Pair>::fault(unsigned processor, const Access& access) {
    invariant((walkers_.on_second() >> (processor % 64) & 1) != 0, "a fault in a page table that is not walked");
    const FaultOutcome outcome = fill(access);
    Counters& counters = twins_.counters;
    if (outcome.answer == FaultAnswer::change_table)
        Counters::count(counters.lazy_switches);
    else if (outcome.answer == FaultAnswer::reflect)
        Counters::count(counters.reflected);
    else if (outcome.answer == FaultAnswer::missing)
        Counters::count(counters.missing);
    return outcome;
}

template <class Slots, class Pair>
FaultOutcome Engine<Slots, Pair>::fault_in_real_mode(unsigned processor, EffectiveAddr where, AccessKind kind,
                                                     const memory::LogicalMemory& memory) {
    const papr::PageSize size = table_.options().real_mode_page;
    const Access access{
        .place = {papr::SegmentSize::tib_1, hpt::table_detail::real_mode_vsid,
                  where.value & hpt::table_detail::real_mode_address},
        .base = size,
        .kind = kind,
    };
    if (!table_.insert_real_mode(where, memory))
        return {.answer = FaultAnswer::reflect, .cause = absence(access)};
    FaultOutcome outcome = fault(processor, access);
    if (outcome.answer == FaultAnswer::reflect && (outcome.cause & cause::no_entry) != 0)
        outcome = {}; // H_ENTER has taken its slot already
    return outcome;
}

} // namespace transom::dual

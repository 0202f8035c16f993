// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/dual_table_impl.hpp>
#include <transom/dual/engine.hpp>

namespace transom::dual {

/// Of a resize nothing is noted: the partition may ask for it as often as it likes, and would fill the log.
template <class Slots, class Pair, class Walk> void Engine<Slots, Pair, Walk>::note(Transition what) {
    if (changes_table_.load(std::memory_order_relaxed))
        return;
    const Counters& counters = twins_.counters;
    transitions_.add({.what = what,
                      .phase = phase(),
                      .at = what == Transition::phase ? reached(phase()) : arch::timebase(),
                      .cursor = sweep_.next_group().value,
                      .live = live(),
                      .faults = counters.faults,
                      .fills = counters.fills,
                      .drained_by_calls = counters.drained_by_calls,
                      .drained_by_sweep = counters.drained_by_sweep});
}

template <class Slots, class Pair, class Walk> bool Engine<Slots, Pair, Walk>::have_all_come() {
    if (!all_on_second())
        return false;
    const Locked control(control_);
    if (phase() == Phase::dual && !all_have_come_) {
        all_have_come_ = true;
        note(Transition::all_on_second);
    }
    return true;
}

template <class Slots, class Pair, class Walk> std::optional<TracePoint> Engine<Slots, Pair, Walk>::take_transition() {
    const Locked control(control_);
    return transitions_.take();
}

template <class Slots, class Pair, class Walk> void Engine<Slots, Pair, Walk>::move(Phase to) {
    Walk::Observed::phase(true);
    if (to == Phase::drain)
        live_at_switch_ = twins_.live.begin_drain();
    twins_.phase.move(to);
    reached_[static_cast<std::size_t>(to)] = arch::timebase();
    note(Transition::phase);
}

template <class Slots, class Pair, class Walk>
bool Engine<Slots, Pair, Walk>::start(hpt::Table<Slots>& first, const SecondTable<Slots>& second) {
    const Locked control(control_);
    if (active())
        return false;
    twins_.groups = GroupMarks(second.live_words);
    invariant(second.section_words.empty() == second.usage_words.empty(), "half of what is known of T1's changes");
    twins_.sections = ChangedSections(second.section_words);
    twins_.usage = GroupMarks(second.usage_words);
    twins_.pages = second.pages;
    twins_.stores = second.stores;
    twins_.turns = &first.turns();
    twins_.counters.reset();
    twins_.live.reset();
    table_.init(Pair(first.slots(), second.slots, twins_), first.log2_bytes(), first.options());
    lpids_ = second.lpids;
    calls_ = second.calls;
    sweep_.restart();
    stopping_ = all_have_come_ = false;
    nobody_walks_.reset();
    live_at_switch_ = 0;
    epoch_.fetch_add(1);
    changes_table_.store(false, std::memory_order_relaxed);
    active_.store(true, std::memory_order_release);
    calls_->divert(CallsGo::to_both);
    walkers_.begin_grace(); // for the calls that are being made at T1 alone
    note(Transition::begins);
    return true;
}

template <class Slots, class Pair, class Walk> void Engine<Slots, Pair, Walk>::close_calls(CallDiversion& calls) {
    calls.divert(CallsGo::nowhere);
    walkers_.begin_grace();
}

template <class Slots, class Pair, class Walk>
bool Engine<Slots, Pair, Walk>::start_change(const Lpids& lpids, CallDiversion& calls) {
    const Locked control(control_);
    if (active())
        return false;
    invariant(walkers_.awaited() == 0, "a page table is replaced under a call");
    twins_.live.reset();
    twins_.live.add(); // for all of the old table: end_drain()
    lpids_ = lpids;
    calls_ = &calls;
    stopping_ = false;
    nobody_walks_.reset();
    epoch_.fetch_add(1);
    changes_table_.store(true, std::memory_order_relaxed);
    active_.store(true, std::memory_order_release);
    move(Phase::dual);
    return true;
}

template <class Slots, class Pair, class Walk> void Engine<Slots, Pair, Walk>::stop() {
    const Locked control(control_);
    stopping_ = true;
    if (phase() == Phase::dual)
        move(Phase::switching);
}

template <class Slots, class Pair, class Walk> Phase Engine<Slots, Pair, Walk>::advance() {
    const Locked control(control_);
    while (active() && step()) {}
    return phase();
}

template <class Slots, class Pair, class Walk> std::uint64_t Engine<Slots, Pair, Walk>::awaited() const {
    switch (phase()) {
    case Phase::dual:
        return walkers_.may_walk_first();
    case Phase::switching:
        return walkers_.may_walk_second();
    default:
        return walkers_.awaited();
    }
}

template <class Slots, class Pair, class Walk> bool Engine<Slots, Pair, Walk>::step() {
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
        if (walkers_.may_walk_second() != 0)
            return false;
        // Nobody walks T2, no fault in it is being served, and after this no TLB has anything of it.
        nobody_walks_ = arch::Tlb::flush_partition(lpids_.both());
        sweep_.restart();
        move(Phase::drain);
        return true;
    case Phase::drain:
        if (live() != 0)
            return false;
        move(Phase::release);
        calls_->divert(CallsGo::to_first);
        walkers_.begin_grace();
        return true;
    case Phase::release:
        if (walkers_.awaited() != 0)
            return false;
        move(Phase::normal);
        forget();
        active_.store(false, std::memory_order_release);
        return false;
    }
    return false;
}

template <class Slots, class Pair, class Walk>
template <class Clock>
Swept Engine<Slots, Pair, Walk>::sweep(const Portion& portion, Fold fold, Clock now, RealRange only) {
    const Locked control(control_);
    switch (phase()) {
    case Phase::dual:
        return sweep_.interval(table_, twins_, lpids_, portion, fold, nullptr, now, only);
    case Phase::drain:
        return sweep_.interval(table_, twins_, lpids_, portion, Fold::evict, &*nobody_walks_, now);
    default:
        return {};
    }
}

template <class Slots, class Pair, class Walk> void Engine<Slots, Pair, Walk>::restart_sweep() {
    const Locked control(control_);
    sweep_.restart();
}

template <class Slots, class Pair, class Walk> void Engine<Slots, Pair, Walk>::abandon() {
    const Locked control(control_);
    if (!active())
        return;
    invariant(walkers_.inside() == 0, "a second page table was taken from under a processor");
    static_cast<void>(arch::Tlb::flush_partition(lpids_.both()));
    note(Transition::abandoned);
    twins_.phase.abandon();
    calls_->divert(CallsGo::to_first);
    epoch_.fetch_add(1);
    forget();
    active_.store(false, std::memory_order_release);
}

/// What start() was given may be anybody's from now on.
template <class Slots, class Pair, class Walk> void Engine<Slots, Pair, Walk>::forget() {
    twins_.groups = twins_.usage = {};
    twins_.sections = {};
    twins_.pages = nullptr;
    twins_.turns = nullptr;
    table_.forget();
    calls_ = nullptr;
}

template <class Slots, class Pair, class Walk>
Entry Engine<Slots, Pair, Walk>::enter(unsigned processor, unsigned physical) {
    const Which table = walkers_.enter(processor, twins_.phase);
    if (table == Which::first)
        return {.table = table, .flush = tlbs_.change(physical, TlbContents::of_first)};
    // By two LPIDs a TLB tells the tables apart, and nothing of the last T2 is in it: it was flushed when nobody walked that.
    return {.table = table,
            .flush = lpids_.one() && tlbs_.change(physical, TlbContents::of_second(epoch())),
            .comes_back = !changes_table()};
}

template <class Slots, class Pair, class Walk> FaultOutcome Engine<Slots, Pair, Walk>::fill(const Access& access) {
    auto begun = table_.begin_fill(access);
    if (!begun)
        return begun.error();
    // T1 stays as it is.
    const hpt::Flushed flushed = arch::Tlb::discharge(begun->obligation(), lpids_.of_second());
    return {.stores = table_.finish_fill(std::move(*begun), flushed)};
}

template <class Slots, class Pair, class Walk>
FaultOutcome Engine<Slots, Pair, Walk>::counted(const FaultOutcome& outcome) {
    Counters& counters = twins_.counters;
    if (outcome.answer == FaultAnswer::change_table)
        Counters::count(counters.lazy_switches);
    else if (outcome.answer == FaultAnswer::reflect)
        Counters::count(counters.reflected);
    else if (outcome.answer == FaultAnswer::missing)
        Counters::count(counters.missing);
    return outcome;
}

template <class Slots, class Pair, class Walk>
FaultOutcome Engine<Slots, Pair, Walk>::fault(unsigned processor, const Access& access) {
    invariant(walkers_.walks_second(processor), "a fault in a page table that is not walked");
    return counted(fill(access));
}

/// The segment of an access in real mode has Ks = 0 and N = 0 (ISA 3.0B Book III 5.7.3.4), and our entries permit everything and have
/// storage key 0: whether AMR and IAMR count for such an access the machine knows, and where it says so, T1's entry would refuse
/// the access too.
template <class Slots, class Pair, class Walk>
FaultOutcome Engine<Slots, Pair, Walk>::fault_in_real_mode(unsigned processor, EffectiveAddr where, AccessKind kind,
                                                           const memory::LogicalMemory& memory, std::uint64_t refused) {
    invariant(walkers_.walks_second(processor), "a fault in a page table that is not walked");
    const std::uint64_t store = kind == AccessKind::store ? cause::store : 0;
    if ((refused & cause::key) != 0)
        return counted({.answer = FaultAnswer::reflect, .cause = cause::key | store});
    const Access access{
        .place = {papr::SegmentSize::tib_1, hpt::table_detail::real_mode_vsid,
                  where.value & hpt::table_detail::real_mode_address},
        .base = table_.options().real_mode_page,
        .kind = kind,
    };
    const auto is_absent = [](const FaultOutcome& outcome) {
        return outcome.answer == FaultAnswer::reflect && (outcome.cause & cause::no_entry) != 0;
    };
    FaultOutcome outcome = fill(access);
    if (!is_absent(outcome))
        return counted(outcome);
    if (!table_.insert_real_mode(where, memory))
        return counted(
            outcome); // beyond its memory, or both groups are full of the partition's entries: as with one table
    outcome = fill(access);
    if (is_absent(outcome))
        return {}; // H_ENTER has taken its slot already: after sixteen of those the groups are full
    return counted(outcome);
}

} // namespace transom::dual

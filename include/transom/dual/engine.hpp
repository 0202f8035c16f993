// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/clock.hpp>
#include <arch/tlb.hpp>
#include <array>
#include <transom/base/spin_lock.hpp>
#include <transom/dual/call_diversion.hpp>
#include <transom/dual/dual_table.hpp>
#include <transom/dual/sweep.hpp>
#include <transom/dual/tlb_contents.hpp>
#include <transom/dual/transitions.hpp>
#include <transom/dual/walkers.hpp>
#include <transom/memory/logical_memory.hpp>

namespace transom::dual {

/// What a migration brings along; all of it the caller's until the phase is normal again: from then on the engine knows nothing of it. T2 and the
/// words are zeroed.
template <class Slots> struct SecondTable {
    Slots slots;                         // as many as T1 has
    std::span<std::uint64_t> live_words; // GroupMarks::words_for
    Lpids lpids;
    PageTracking* pages = nullptr;
    CallDiversion* calls = nullptr;
    StorePolicy stores = StorePolicy::when_stored;
    // None where T1 is not to be sent:
    std::span<std::uint64_t> section_words{}; // ChangedSections::words_for, of T1's slots
    std::span<std::uint64_t> usage_words{};   // GroupMarks::words_for
};

/// A partition's second page table, from its making to its end. Whoever leads the migration calls start, advance, sweep and stop; its
/// processors enter, leave and fault, at any moment and in any phase; calls of the partition go to table(). It is there, and told of each
/// way in and out, from the partition's first dispatch on.
template <class Slots, class Pair = TwinSlots<Slots>, class Walk = Walkers<>> class Engine {
  public:
    /// Prepares T2; the phase is dual when advance() has seen all processors outside once. False: there is one already, and it has
    /// to be gone before.
    [[nodiscard]] bool start(hpt::Table<Slots>& first, const SecondTable<Slots>& second);
    /// Before start_change(): page table calls are made again from now on, and grace_awaits() says who may be in one that began before.
    void close_calls(CallDiversion& calls);
    /// Nobody is in a page table call, by close_calls(). Sends the processors to a table that takes T1's place, by the second LPID, in dual at once: they
    /// fault in it as in T1. When all_on_second(), who has put it into T1's place sends calls there and calls stop(); when the phase is drain nobody
    /// has the old one any more, and end_drain() ends that. False: they are on their way somewhere else.
    [[nodiscard]] bool start_change(const Lpids& lpids, CallDiversion& calls);
    void end_drain() { static_cast<void>(twins_.live.remove()); }
    /// Whether the second table is one that takes T1's place.
    bool changes_table() const { return active() && changes_table_.load(std::memory_order_relaxed); }
    /// Whether it is a migration's.
    bool has_twins() const { return active() && !changes_table_.load(std::memory_order_relaxed); }
    /// Begins to wait until all who are inside now have been outside; a kick brings those out who are in grace_awaits().
    void begin_grace() { walkers_.begin_grace(); }
    std::uint64_t grace_awaits() const { return walkers_.awaited(); }
    /// For scope(), before there is a second table.
    void know_lpids(const Lpids& lpids) { lpids_ = lpids; }

    /// Sends the processors back to T1, from any phase on; the rest is advance() and sweep(). Nothing is to be missing any more.
    void stop();
    /// Goes on to the next phases, as far as it can be done now.
    Phase advance();
    /// An interval of the sweep; nothing in the phases in which there is nothing to sweep. `fold`: of what is still walked; what is
    /// not goes. `only`: in dual, of entries that have a page in that range of real memory; empty: of all.
    template <class Clock> Swept sweep(const Portion& portion, Fold fold, Clock now, RealRange only = {});
    /// The next interval of the sweep begins at the beginning of the table.
    void restart_sweep();
    /// Ends it by force, at once however much there is: of a partition that is off, or being reset, so that T1 and the states of its pages are
    /// thrown away too. Nobody is inside. T2 is nobody's, and what is in it stays in it: R and C do not come to T1, grants are not taken back.
    void abandon();

    /// Of virtual processor `processor`, on the way in on the physical one with that arch::processor_index(), which asks; and again where a
    /// fault says change_table. A flush is said once: it is done before the processor walks anything.
    Entry enter(unsigned processor, unsigned physical);
    void leave(unsigned processor) { walkers_.leave(processor); }
    /// Before enter(): the hypervisor writes into the partition's memory that it has a turn.
    void arrive(unsigned processor) { walkers_.arrive(processor); }
    /// The one that is inside: by what the last enter() said.
    bool walks_second(unsigned processor) const { return walkers_.walks_second(processor); }
    /// A processor that walks T2 has missed, or was refused, with that access in virtual mode.
    FaultOutcome fault(unsigned processor, const Access& access);
    /// The same in real mode: the entry is the hypervisor's own. `refused`: why, as the machine says it (bits of dual::cause).
    FaultOutcome fault_in_real_mode(unsigned processor, EffectiveAddr where, AccessKind kind,
                                    const memory::LogicalMemory& memory, std::uint64_t refused);

    // Of a call's change of table(), with the locks of its slots held: only then is it the phase in which they have changed.

    /// Which TLB entries it may have to end. Before dual there are none of T2, from the drain on none any more.
    hpt::FlushScope scope() const {
        const Phase now = phase();
        return now == Phase::dual || now == Phase::switching ? lpids_.both() : lpids_.of_first();
    }
    hpt::Flushed discharge(const hpt::FlushObligation& obligation) const {
        return arch::Tlb::discharge(obligation, scope());
    }
    template <std::size_t n> auto discharge_all(const std::array<hpt::FlushObligation, n>& obligations) const {
        return arch::Tlb::discharge_all(obligations, scope());
    }
    hpt::PartitionFlushed flush_partition() const { return arch::Tlb::flush_partition(scope()); }

    Phase phase() const { return twins_.phase.now(); }
    /// From start() until all is over.
    bool active() const { return active_.load(std::memory_order_acquire); }
    /// Whom the next phase waits for, and in dual who is inside and not on T2 yet; a kick makes them look.
    std::uint64_t awaited() const;
    /// The phase is dual, and whoever is inside walks T2, as whoever comes in will: every store is seen from now on.
    bool all_on_second() const { return phase() == Phase::dual && walkers_.may_walk_first() == 0; }
    /// The same for who leads the migration: the first time that it is so is a transition.
    bool have_all_come();
    /// What has become of a migration's second table, one after the other: whoever leads it says so in the log.
    std::optional<TracePoint> take_transition();
    bool transition_waits() const { return transitions_.waiting(); }
    const Counters& counters() const { return twins_.counters; }
    /// A processor has taken T1 again; it was held for so long.
    void count_switch(SwitchWay way, Cost held) { twins_.counters.count_switch(way, held); }
    /// A fault in T2 took so many ticks.
    void count_fault(std::uint64_t ticks) { Counters::count(twins_.counters.fault_ticks, ticks); }
    std::uint64_t live() const { return twins_.live.count(); }
    /// Entries of T2 at the moment from which those that go are counted as drained: as many will be.
    std::uint64_t live_at_switch() const { return live_at_switch_; }
    /// Time base at which a phase was reached last.
    std::uint64_t reached(Phase phase) const { return reached_[static_cast<std::size_t>(phase)]; }
    /// Grows with each start and each end by force: what was done in another one does not count.
    std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
    const Lpids& lpids() const { return lpids_; }
    /// What changes from the moment on at which all_on_second(): before, a processor on T1 sets R and C unseen.
    ChangedSections& sections() { return twins_.sections; }
    DualTable<Pair>& table() { return table_; }
    Twins& twins() { return twins_; }

  private:
    void note(Transition what);
    void move(Phase to);
    bool step();
    void forget();
    FaultOutcome fill(const Access& access);
    FaultOutcome counted(const FaultOutcome& outcome);

    Twins twins_;
    Walk walkers_;
    TlbContents tlbs_;
    DualTable<Pair> table_;
    Sweep sweep_;
    Lpids lpids_;
    CallDiversion* calls_ = nullptr;
    SpinLock control_; // of what follows, of the sweep and of changes of the phase
    std::atomic<bool> active_ = false;
    std::atomic<bool> changes_table_ = false;
    bool stopping_ = false;
    bool all_have_come_ = false;
    std::optional<hpt::PartitionFlushed> nobody_walks_;
    std::uint64_t live_at_switch_ = 0;
    std::atomic<std::uint64_t> epoch_{0};
    std::array<std::uint64_t, phase_count> reached_{};
    Transitions transitions_;
};

} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/clock.hpp>
#include <array>
#include <transom/base/spin_lock.hpp>
#include <transom/dual/call_diversion.hpp>
#include <transom/dual/dual_table.hpp>
#include <transom/dual/sweep.hpp>
#include <transom/dual/walkers.hpp>
#include <transom/memory/logical_memory.hpp>

namespace transom::dual {

/// What a migration brings along; all of it the caller's until the phase is normal again. T2 and the words are zeroed.
template <class Slots> struct SecondTable {
    Slots slots;                         // as many as T1 has
    std::span<std::uint64_t> live_words; // LiveGroups::words_for
    Lpids lpids;
    PageTracking* pages = nullptr;
    CallDiversion* calls = nullptr;
    StorePolicy stores = StorePolicy::when_stored;
};

/// A partition's second page table, from its making to its end. Whoever leads the migration calls start, advance, sweep and stop; its
/// processors enter, leave and fault, at any moment and in any phase; calls of the partition go to table().
template <class Slots, class Pair = TwinSlots<Slots>> class Engine {
  public:
    /// Prepares T2; the phase is dual when advance() has seen all processors outside once. False: there is one already, and it has
    /// to be gone before.
    [[nodiscard]] bool start(hpt::Table<Slots>& first, const SecondTable<Slots>& second);
    /// Sends the processors back to T1, from any phase on; the rest is advance() and sweep(). Nothing is to be missing any more.
    void stop();
    /// Goes on to the next phases, as far as it can be done now.
    Phase advance();
    /// An interval of the sweep; nothing in the phases in which there is nothing to sweep. `fold`: of what is still walked; what is
    /// not goes.
    template <class Clock> Swept sweep(const Portion& portion, Fold fold, Clock now);
    /// Ends it at once: T2 is empty and nobody's, T1 has its R and C or not. The partition is off, or being reset: nobody is inside.
    void abandon();

    Entry enter(unsigned processor) { return walkers_.enter(processor, twins_.phase); }
    void leave(unsigned processor) { walkers_.leave(processor); }
    /// A processor that walks T2 has missed, or was refused, with that access in virtual mode.
    FaultOutcome fault(unsigned processor, const Access& access);
    /// The same in real mode: the entry is the hypervisor's own.
    FaultOutcome fault_in_real_mode(unsigned processor, EffectiveAddr where, AccessKind kind,
                                    const memory::LogicalMemory& memory);

    Phase phase() const { return twins_.phase.now(); }
    /// From start() until all is over.
    bool active() const { return active_.load(std::memory_order_acquire); }
    /// Whom the next phase waits for; a kick makes them look.
    std::uint64_t awaited() const { return phase() == Phase::switching ? walkers_.on_second() : walkers_.awaited(); }
    const Counters& counters() const { return twins_.counters; }
    std::uint64_t live() const { return twins_.live.load(std::memory_order_acquire); }
    /// Entries of T2 when the last processor had left it.
    std::uint64_t live_at_switch() const { return live_at_switch_; }
    /// Time base at which a phase was reached last.
    std::uint64_t reached(Phase phase) const { return reached_[static_cast<std::size_t>(phase)]; }
    /// Grows with each start and each end by force: what was done in another one does not count.
    std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
    const Lpids& lpids() const { return lpids_; }
    DualTable<Pair>& table() { return table_; }
    Twins& twins() { return twins_; }

  private:
    void move(Phase to);
    bool step();
    FaultOutcome fill(const Access& access);

    Twins twins_;
    Walkers walkers_;
    DualTable<Pair> table_;
    Sweep sweep_;
    Lpids lpids_;
    CallDiversion* calls_ = nullptr;
    SpinLock control_; // of what follows, of the sweep and of changes of the phase
    std::atomic<bool> active_ = false;
    bool stopping_ = false;
    std::optional<hpt::PartitionFlushed> nobody_walks_;
    std::uint64_t live_at_switch_ = 0;
    std::atomic<std::uint64_t> epoch_{0};
    std::array<std::uint64_t, phase_count> reached_{};
};

} // namespace transom::dual

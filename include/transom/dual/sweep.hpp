// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/tlb.hpp>
#include <array>
#include <optional>
#include <transom/dual/dual_table.hpp>
#include <transom/dual/flush_both.hpp>
#include <transom/dual/portion.hpp>
#include <utility>

namespace transom::dual {

/// What an interval did.
struct Swept {
    std::uint64_t groups = 0;  // passed
    std::uint64_t entries = 0; // whose R and C are in T1 now
    std::uint64_t deferred = 0;
    bool at_end = false; // of the table: the next interval begins at the beginning
};

/// Goes through T2 and brings its R and C into T1: an interval at a time, from where the last one ended. One at a time for a
/// partition. A group of which something is left, because it was locked or stays, remains marked as live for the next round.
class Sweep {
  public:
    void restart() { next_ = {}; }
    /// Where the next interval begins.
    papr::GroupIndex next_group() const { return next_; }

    /// `now` is a clock in ticks. `nobody_walks`: the receipt for a flush after the last processor left T2, or null: then each
    /// batch has its own. `only`: of those entries alone that have a page in that range of real memory; empty: of all.
    template <class Pair, class Clock>
    Swept interval(DualTable<Pair>& table, Twins& twins, const Lpids& lpids, const Portion& portion, Fold fold,
                   const hpt::PartitionFlushed* nobody_walks, Clock now, RealRange only = {}) {
        Counters::count(twins.counters.intervals);
        const papr::GroupIndex groups{table.slot_count() / papr::slots_per_group};
        const papr::GroupIndex from = next_;
        const papr::GroupIndex end{std::min(groups.value, from.value + portion.groups)};
        const std::uint64_t begin = now();
        Swept swept;
        Batch<Pair> batch;
        while (next_ < end) {
            const papr::GroupIndex group = twins.groups.next(next_, end);
            next_ = end;
            if (group == end)
                break;
            twins.groups.take(group); // before looking: what comes after that marks it again
            bool again = false;
            for (unsigned i = 0; i < papr::slots_per_group; ++i) {
                const papr::Ptex slot = papr::ptex(group, i);
                if (!only.empty() && !table.is_used_in(slot, only)) {
                    again = again || !table.is_vacant(slot);
                    continue;
                }
                auto begun = table.begin_fold(slot, fold, nobody_walks != nullptr);
                if (begun) {
                    again = again || fold != Fold::evict;
                    batch.add(std::move(*begun));
                    if (nobody_walks != nullptr) // there is no flush to share
                        swept.entries += batch.finish(table, twins, lpids, fold);
                } else if (begun.error() != FoldError::nothing) {
                    swept.deferred += begun.error() == FoldError::locked ? 1 : 0;
                    again = true;
                }
            }
            swept.entries += batch.finish(table, twins, lpids, fold);
            if (again)
                twins.groups.mark(group);
            next_ = {group.value + 1};
            if (now() - begin >= portion.ticks)
                break;
        }
        Counters::count(twins.counters.deferred, swept.deferred);
        swept.groups = next_.value - from.value;
        swept.at_end = next_ == groups;
        if (swept.at_end)
            next_ = {};
        return swept;
    }

  private:
    /// Entries of a group that go with one flush: their locks, taken in rising order and never waited for, are held until it is over.
    template <class Pair> class Batch {
      public:
        void add(hpt::Pending<FoldWork> begun) {
            obligations_[count_] = begun.obligation();
            begun_[count_++].emplace(std::move(begun));
        }
        std::uint64_t finish(DualTable<Pair>& table, Twins& twins, const Lpids& lpids, Fold fold) {
            if (count_ == 0)
                return 0;
            if (obligations_[0]) { // all of them have one, or none has
                Counters::count(twins.counters.flushes);
                Counters::count(twins.counters.tlbies, count_);
            }
            // Only T2's changes.
            const auto flushed = arch::Tlb::discharge_all(obligations_, lpids.of_second());
            const bool draining = twins.phase.now() == Phase::drain;
            for (unsigned i = 0; i < count_; ++i) {
                table.finish_fold(std::move(*begun_[i]), flushed[i], fold);
                begun_[i].reset();
            }
            Counters::count(draining ? twins.counters.drained_by_sweep : twins.counters.folded, count_);
            obligations_ = {};
            return std::exchange(count_, 0);
        }

      private:
        std::array<std::optional<hpt::Pending<FoldWork>>, papr::slots_per_group> begun_;
        std::array<hpt::FlushObligation, papr::slots_per_group> obligations_;
        unsigned count_ = 0;
    };

    papr::GroupIndex next_;
};

} // namespace transom::dual

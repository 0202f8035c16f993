// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/dual_table.hpp>
#include <transom/dual/portion.hpp>

namespace transom::dual {

/// Looks for R and C that the machine has set in T2 and that T1 lacks, and marks their sections of T1: an interval at a time, from where the last
/// one ended, while the partition runs and once more when it stands still. A group of which more may come remains marked for the next look;
/// one whose entries have all that they can get does not, until somebody puts an entry into it: so what is left to a look is what was filled
/// since the last one, however large the tables are.
class UsageLook {
  public:
    void restart() { next_ = {}; }

    /// `now` is a clock in ticks. True: at the end of the table.
    template <class Pair, class Clock>
    bool interval(DualTable<Pair>& table, Twins& twins, const Portion& portion, Clock now) {
        const papr::GroupIndex groups{table.slot_count() / papr::slots_per_group};
        const papr::GroupIndex end{std::min(groups.value, next_.value + portion.groups)};
        const std::uint64_t begin = now();
        while (next_ < end) {
            const papr::GroupIndex group = twins.usage.next(next_, end);
            next_ = end;
            if (group == end)
                break;
            twins.usage.take(group); // before looking: what comes after that marks it again
            if (!table.mark_newer_usage(group))
                twins.usage.mark(group);
            next_ = {group.value + 1};
            if (now() - begin >= portion.ticks)
                break;
        }
        return next_ == groups;
    }

  private:
    papr::GroupIndex next_;
};

} // namespace transom::dual

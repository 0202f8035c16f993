// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/relocate/machine_plan.hpp>
#include <transom/relocate/reallocator.hpp>

namespace transom::relocate {

/// Deals with what partitions ask at their desks (partition::AffinityDesk), as a task of the dispatcher: says what they have and could have, which
/// changes nothing (R74), and hands wishes to be reallocated to the reallocator. One question and one wish at a time, of each partition in turn, and
/// of none all the time: they may ask as often as they like.
class AffinityClerk final : public partition::Task {
  public:
    /// All of them outlive it.
    AffinityClerk(partition::Roster& roster, memory::Frames& frames, const affinity::Topology& topology,
                  Reallocator& reallocator, std::uint64_t timebase_frequency)
        : roster_(roster), topology_(topology), reallocator_(reallocator), second_(timebase_frequency), plan_(frames),
          standing_(roster, frames, topology) {}

    std::uint64_t run() override;
    /// Right before a partition is destroyed or made anew: what is being worked out begins again, for those who are left.
    void ended() { plan_.end(); }

  private:
    bool work_on_plan(std::uint64_t now);
    bool still_asks();
    void pass_on_cancels();
    void pass_on_wish(std::uint64_t now);
    static ReallocationRequest wish_of(partition::Partition& partition);
    void wish(partition::Partition& partition, std::uint64_t now);
    void look_at_question(std::uint64_t now);
    void look_at(partition::Partition& partition, std::uint64_t now);
    void answer(partition::Partition& partition, const partition::AffinityDesk::Answer& answer);
    void begin_plan(partition::Partition& partition, const partition::AffinityQuestion& question);
    void finish();
    partition::AffinityDesk::Answer found(std::size_t index);
    partition::AffinityDesk::Answer proposed(std::size_t index);
    affinity::ScoreReport report_on(const affinity::Place& place) const;

    partition::Roster& roster_;
    const affinity::Topology& topology_;
    Reallocator& reallocator_;
    std::uint64_t second_; // ticks of the time base
    MachinePlan plan_;
    Standing standing_;
    std::uint64_t next_look_ = 0, next_portion_ = 0;
    partition::Partition* asker_ = nullptr; // of what is being planned; a plan is over when it has gone
    partition::AffinityQuestion question_;
    // Numbers of those who were last dealt with: who comes behind them is next.
    std::uint32_t last_wished_ = 0, last_asked_ = 0;
};

} // namespace transom::relocate

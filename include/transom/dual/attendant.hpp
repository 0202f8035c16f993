// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/drain_pace.hpp>
#include <transom/dual/resize_portion.hpp>
#include <transom/partition/roster.hpp>

namespace transom::dual {

/// Does for the second page tables of all partitions what has to be done now and then: sees to it that processors come to the table that
/// they are to walk, sweeps in intervals while a table drains, and gives its memory back. It prepares tables of another size too, however many
/// partitions want one a portion at a time.
class Attendant final : public partition::Task {
  public:
    /// `frequency`: ticks of the time base in a second.
    Attendant(partition::Roster& roster, memory::Frames& frames, std::uint64_t frequency)
        : roster_(roster), frames_(frames), interval_(frequency / 1000), pace_(frequency) {}

    std::uint64_t run() override;

  private:
    /// True: there is something to wait for.
    bool attend(partition::Partition& partition, ResizePortion& portion);
    bool attend_twins(partition::Partition& partition);
    void sweep(PartitionEngine& engine);
    void count(const partition::Partition& partition);

    partition::Roster& roster_;
    memory::Frames& frames_;
    std::uint64_t interval_;      // ticks from one look to the next while somebody is waited for
    DrainPace pace_;              // of all sweeps together
    bool idle_ = false;           // nobody wants this processor
    std::uint64_t oldest_ = 0;    // when the first of the drains under way began
    std::uint64_t next_look_ = 0; // after so many ticks
    std::size_t begins_with_ = 0; // by its place in the roster: who gets the next portion of a resize if it wants one
};

} // namespace transom::dual

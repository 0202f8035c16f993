// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform.hpp"

#include <array>
#include <transom/partition/roster.hpp>

namespace boot {

/// Connects the machine's console to the partitions' virtual terminals, and lets firmware work now and then.
class ConsoleTask final : public transom::partition::Task {
  public:
    /// `frequency`: ticks of the time base in a second.
    ConsoleTask(Platform& platform, transom::partition::Roster& roster, std::uint64_t frequency);

    /// Who gets what is typed from now on. What partitions write is all shown. It is known by its name, as it may end, leave, be
    /// discarded or start anew meanwhile.
    void attach(const transom::partition::Partition& partition);
    /// Writes out everything that partitions have written so far.
    void flush();
    /// Everything that this one has, also what it wrote for operators.
    void flush(transom::partition::Partition& partition);

    std::uint64_t run() override;

  private:
    bool drain();
    std::size_t write_out(transom::partition::Partition& partition, std::uint32_t terminal);
    /// Who gets what is typed; where he is gone, another that runs gets it from now on. Null: there is none, and it is dropped.
    transom::partition::Partition* attached();
    bool take_input();

    Platform& platform_;
    transom::partition::Roster& roster_;
    std::uint64_t millisecond_; // ticks of the time base
    std::uint64_t next_input_ = 0;
    std::uint64_t last_input_ = 0;
    std::array<char, 32> attached_{}; // its name; empty: nobody's
};

} // namespace boot

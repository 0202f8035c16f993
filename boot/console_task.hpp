// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform.hpp"

#include <transom/partition/dispatcher.hpp>

namespace boot {

/// Connects the machine's console to a partition's virtual terminal, and lets firmware work now and then.
class ConsoleTask final : public transom::partition::Task {
  public:
    /// `frequency`: ticks of the time base in a second.
    ConsoleTask(Platform& platform, std::uint64_t frequency);

    /// Whose terminal it is from now on; nullptr: nobody's, and what is typed is dropped.
    void attach(transom::partition::Partition* partition) { partition_ = partition; }
    /// Writes out everything that the partition has written so far.
    void flush();

    std::uint64_t run() override;

  private:
    bool drain();
    void take_input();

    Platform& platform_;
    std::uint64_t input_interval_;
    std::uint64_t next_input_ = 0;
    transom::partition::Partition* partition_ = nullptr;
};

} // namespace boot

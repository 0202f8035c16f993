// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine.hpp"

namespace transom::tool {

/// The interactive shell of the Linux partition, as a user at its terminal has it.
class Shell {
  public:
    explicit Shell(Machine& machine) : machine_(machine) {}

    /// Waits for the prompt after the terminal's position `from`. Throws Failure.
    void wait_for_prompt(std::size_t from, Clock::time_point until);
    /// Types a command line and returns what it printed.
    std::string run(std::string_view command, Clock::time_point until);
    /// Types a command line whose output is not waited for; returns the position where it begins.
    std::size_t start(std::string_view command);
    /// Ctrl-C.
    void interrupt(Clock::time_point until);

  private:
    Machine& machine_;
    unsigned commands_ = 0;
};

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine.hpp"

#include <optional>
#include <string>
#include <vector>

namespace transom::tool {

/// What became of a partition's wishes for another size of its page table.
struct ResizeReport {
    unsigned done = 0;
    unsigned no_room = 0; ///< a smaller one than it began with, in which not all of its bolted entries have room
    unsigned order = 0;   ///< the size after the last of them, as a power of two
    std::vector<std::string> complaints;
};

/// Lets the Linux partition ask for page tables of other sizes, by the kernel's file for that.
class GuestResize {
  public:
    /// At the machine that starts it: how large its table is from the start.
    void start(Machine& machine, Clock::time_point until);
    /// Larger, as it was, smaller if there is room, larger; and at every other time as it was in the end.
    ResizeReport resize(Machine& machine, Clock::time_point until);

  private:
    std::optional<unsigned> ask_for(Machine& machine, unsigned order, Clock::time_point until) const;

    unsigned first_ = 0;
    unsigned times_ = 0;
};

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine.hpp"

#include <string>
#include <vector>

namespace transom::tool {

/// How often a partition stopped one of its virtual processors and started it again, over one move.
struct HotplugReport {
    unsigned cycles = 0;  ///< off and on again, from before the move until after it
    unsigned after = 0;   ///< of those at the target
    unsigned refused = 0; ///< times that it was not as wanted afterwards

    std::vector<std::string> complaints() const;
};

/// Lets the Linux partition take its second virtual processor offline and online over and over: RTAS stop-self and start-cpu.
class GuestHotplug {
  public:
    /// At the machine that starts it.
    static void prepare(Machine& machine, Clock::time_point until);
    /// Before a move.
    static void begin(Machine& machine, Clock::time_point until);
    /// After it: lets it go on for a while, and ends it with the processor online.
    static HotplugReport end(Machine& machine, Clock::time_point until);
};

} // namespace transom::tool

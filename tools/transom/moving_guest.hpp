// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine.hpp"
#include "move_report.hpp"

#include <memory>
#include <string_view>

namespace transom::tool {

/// The partition that `transom migrate` moves: how to see that it lives, before and after.
class MovingGuest {
  public:
    virtual ~MovingGuest() = default;

    virtual std::string_view partition() const = 0;
    virtual std::string_view manifest() const = 0;
    /// Waits until it is up at the machine that starts it, and gives it what it is to do while it moves.
    virtual void boot(Machine& machine, Clock::time_point until) = 0;
    /// Before a move: shows what it says at the source and starts its ticks; returns the terminal's position where they begin.
    virtual std::size_t start_ticks(Machine& source, MoveReport& report, Clock::time_point until) = 0;
    /// After a move: looks at it at the target, where its terminal begins at `from`; fills in what it says there.
    virtual void check(Machine& target, std::size_t from, MoveReport& report, Clock::time_point until) = 0;
    /// After the last move: ends what it did meanwhile.
    virtual void finish(Machine& machine, MoveReport& report, Clock::time_point until) = 0;
    /// Ends it by its own means, if it has any.
    virtual bool power_off(Machine& target, Clock::time_point until) = 0;
};

/// Throws Failure for a name that is not known, or that has no use for so many virtual processors.
std::unique_ptr<MovingGuest> make_guest(std::string_view name, unsigned virtual_processors);

} // namespace transom::tool

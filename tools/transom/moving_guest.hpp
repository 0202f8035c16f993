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
    /// Waits until it is up at the source, shows what it says and starts its ticks; returns the terminal's position where
    /// they begin.
    virtual std::size_t start(Machine& source, MoveReport& report, Clock::time_point until) = 0;
    /// Looks at it at the target; fills in what it says there.
    virtual void check(Machine& target, MoveReport& report, Clock::time_point until) = 0;
    /// Ends it by its own means, if it has any.
    virtual bool power_off(Machine& target, Clock::time_point until) = 0;
};

/// Throws Failure for a name that is not known.
std::unique_ptr<MovingGuest> make_guest(std::string_view name);

} // namespace transom::tool

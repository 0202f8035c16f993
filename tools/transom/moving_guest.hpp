// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine.hpp"
#include "move_report.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace transom::tool {

/// What the guest storing is to do besides.
struct StoringTask {
    bool forgets = false; ///< to forget one of its own stores, which it must find
    bool counts = false;  ///< after a move to say what its calls took; the machines count instructions
};

/// How long a move lets it run before and after, so that there is enough to be seen.
struct Pauses {
    std::chrono::milliseconds before{0}, after{0};
};

/// The partition that `transom migrate` moves: how to see that it lives, before and after.
class MovingGuest {
  public:
    virtual ~MovingGuest() = default;

    virtual std::string_view partition() const = 0;
    virtual std::string_view manifest() const = 0;
    virtual Pauses pauses() const {
        return {.before = std::chrono::seconds(1), .after = std::chrono::milliseconds(1500)};
    }
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

/// Waits with a sign of life, in which `label` says for what, for text on a machine's terminal; returns the position behind it.
std::size_t wait_visibly(Machine& machine, const std::string& label, std::string_view text, Clock::time_point until);

/// By its name. Throws Failure for one that is not known, or that has no use for so many virtual processors (none said: as many as it has by
/// itself). `task`: of the guest storing. `resize`: Linux asks for page tables of other sizes before each move.
std::unique_ptr<MovingGuest> make_guest(std::string_view name, std::optional<unsigned> virtual_processors,
                                        StoringTask task, bool resize);

} // namespace transom::tool

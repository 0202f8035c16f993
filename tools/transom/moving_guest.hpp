// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bundle.hpp"
#include "commands.hpp"
#include "machine.hpp"
#include "move_report.hpp"

#include <memory>
#include <string_view>

namespace transom::tool {

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

/// Waits with a sign of life, in which `label` says for what, for text on a machine's terminal after `from`; returns the position behind it.
std::size_t wait_visibly(Machine& machine, const std::string& label, std::string_view text, Clock::time_point until,
                         std::size_t from = 0);

/// The one that the options name, with what it is to do besides. Throws Failure for one that is not known, or that has no use for an option.
std::unique_ptr<MovingGuest> make_guest(const MigrateOptions& options);

/// Its manifest with what the options say of it. Throws Failure where the machines have not the memory.
ManifestFile guest_manifest(const MovingGuest& guest, const MigrateOptions& options);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine_pair.hpp"
#include "moving_guest.hpp"

#include <optional>

namespace transom::tool {

/// What one move is about.
struct MoveTask {
    PairedMachine& source;
    PairedMachine& target;
    MovingGuest& guest;
    std::string label; ///< for its progress: "move 2 of 3, from B to A"
    bool compat = false;
    std::string mode = "pre-copy";       ///< as the request has it
    std::string order = "state";         ///< of pages, the same
    unsigned connections = 4;            ///< at once, at most
    std::optional<unsigned> downtime_ms; ///< how long it may stand still for the last pages
    std::uint64_t bandwidth = 0;         ///< bytes of the stream in a second; 0: as many as there can be
    bool cancel_first = false;
    std::optional<std::uint64_t> corrupt_page;
    LinkProxy* link = nullptr; ///< what is between the machines, if there is something
    Fields* said = nullptr;    ///< if it is not null: what the source said of the move last
};

/// Moves the guest's partition, which runs at the source, and looks at everything that a move may break. Throws Failure where
/// the move does not come to its end; what is not right after it is in the report's complaints.
MoveReport move_once(const MoveTask& task, Clock::time_point until);

/// Lets both machines find out whether it could move, and looks whether nothing has changed. After how many milliseconds they agreed.
/// Throws Failure where it could not, which says why.
double check_once(const MoveTask& task, Clock::time_point until);

} // namespace transom::tool

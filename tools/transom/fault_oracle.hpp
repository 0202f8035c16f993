// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fault_cell.hpp"

#include <string_view>

namespace transom::tool {

/// What becomes of a partition: docs/migration.md.
enum class Outcome : std::uint8_t {
    on_source,
    on_target,
    in_doubt, ///< suspended at the source, until an operator says that the target is gone for good
    lost,     ///< with the machine that died, which held the only copy of something
};
std::string_view name(Outcome outcome);

/// Where the fault came, as the machine says that made it.
struct Happened {
    MoveState phase{};   ///< that the sender was in
    bool beside = false; ///< on a connection beside the move's first one, which the move does not need
};

/// The phase in which it counts: who accepts a connection says what the last move came to until it has heard of the next.
MoveState phase_of(const FaultCell& cell, const Happened& happened);

/// Who has the partition in the end: the table of docs/migration.md.
Outcome expected(const FaultCell& cell, const Happened& happened);

/// What the survivor of a kill says: the states of `migration` and of the partition there, and whether something is missing.
struct Survivor {
    std::string migration; ///< its state
    std::string partition; ///< its state there; empty: it is not there
    bool has_error = false;
    std::uint64_t pages_left = 0;
    bool names_missing = false; ///< which of them
};

/// What does not hold of what the survivor of `cell` has to say where the outcome is the one that is expected; empty if all does.
std::vector<std::string> survivor_complaints(const FaultCell& cell, Outcome outcome, const Survivor& survivor);

} // namespace transom::tool

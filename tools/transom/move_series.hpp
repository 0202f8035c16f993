// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "link_report.hpp"
#include "management_answer.hpp"
#include "move_report.hpp"

namespace transom::tool {

/// A move that is under way.
struct UnfinishedMove {
    std::string mode, order, from, to; ///< as in MoveReport
    Fields said;                       ///< by the source, last

    nlohmann::ordered_json json() const;
};

/// Moves of one partition, one after the other.
struct MoveSeries {
    std::string guest, machine;
    unsigned rounds = 1;           ///< that were asked for
    std::vector<MoveReport> moves; ///< that have come to their end
    std::optional<UnfinishedMove> unfinished;
    std::optional<LinkReport> link;  ///< where the link had rules
    std::optional<double> agreed_ms; ///< where it was only to be found out whether it could move: when both agreed
    bool powered_off = false;        ///< the last machine switched itself off when the partition did

    std::vector<std::string> complaints() const;
    /// Counts of all moves together, the median of what a move takes, what else there is of the last move; what holds, or does not, of all of
    /// them; and each move in `moves`.
    nlohmann::ordered_json json() const;
    /// Where it ended too early: `result` is "failed" or "interrupted", `error` says why, and of the moves there are those until then.
    nlohmann::ordered_json failed_json(std::string_view result, std::string_view error) const;
    std::string text() const;

  private:
    std::string modes() const;
    nlohmann::ordered_json moves_json() const;
};

} // namespace transom::tool

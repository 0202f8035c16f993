// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "link_report.hpp"
#include "move_report.hpp"

namespace transom::tool {

/// Moves of one partition, one after the other.
struct MoveSeries {
    std::string guest, machine;
    unsigned rounds = 1; ///< that were asked for
    std::vector<MoveReport> moves;
    std::optional<LinkReport> link;  ///< where the link had rules
    std::optional<double> agreed_ms; ///< where it was only to be found out whether it could move: when both agreed
    bool powered_off = false;        ///< the last machine switched itself off when the partition did

    std::vector<std::string> complaints() const;
    /// Counts of all moves together, the median of what a move takes, what else there is of the last move; what holds, or does not, of all of
    /// them; and each move in `moves`.
    nlohmann::ordered_json json() const;
    /// Where it ended too early.
    nlohmann::ordered_json failed_json(std::string_view error) const;
    std::string text() const;

  private:
    std::string modes() const;
    nlohmann::ordered_json moves_json() const;
};

} // namespace transom::tool

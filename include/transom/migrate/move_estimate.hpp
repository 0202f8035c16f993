// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/migrate/pass_decision.hpp>

namespace transom::migrate {

/// What is still to come of a move, by what was measured of it.
struct MoveEstimate {
    std::uint64_t left_ms = 0; // until the target has all of the memory
    /// Of that, for the pages and the page table that go while it stands still; the rest of its state comes on top.
    std::uint64_t downtime_ms = 0;
    std::uint64_t final_pages = 0; // how many those are; 0: it goes on at the target without them

    bool operator==(const MoveEstimate&) const = default;
};

/// A pass that is under way. Rates in pages a second.
struct PassUnderWay {
    unsigned pass = 0;
    std::uint64_t to_send = 0; // that have not gone yet
    std::uint64_t left = 0;    // expected to be left after it
    std::uint64_t table = 0;   // what the stop takes for the page table, in pages that take as long
    std::uint64_t bandwidth = 0;
    std::uint64_t dirty_rate = 0;
};

/// Follows decide() pass after pass, as if the partition went on storing as it does now. None: nothing was measured yet, or it does not
/// come to an end so: what slowing it down will do is not foreseen.
std::optional<MoveEstimate> estimate(const PassUnderWay& now, const DecisionLimits& limits);

} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#include <transom/migrate/move_estimate.hpp>

namespace transom::migrate {

std::optional<MoveEstimate> estimate(const PassUnderWay& now, const DecisionLimits& limits) {
    if (now.bandwidth == 0)
        return {};
    const auto ms_for = [&](std::uint64_t pages) { return pages * 1000 / now.bandwidth; };
    std::uint64_t ms = ms_for(now.to_send), left = now.left;
    for (unsigned pass = now.pass;; ++pass) {
        const std::uint64_t in_stop = left + now.table, fits = pages_in(now.bandwidth, limits.downtime_ms);
        const MoveEstimate stop{.left_ms = ms + ms_for(in_stop), .downtime_ms = ms_for(in_stop), .final_pages = left};
        // It runs there while the pages go.
        const MoveEstimate there{.left_ms = ms + ms_for(in_stop), .downtime_ms = ms_for(now.table)};
        if (in_stop <= fits)
            return stop;
        if (limits.mode == CopyMode::post_copy)
            return there;
        const std::uint64_t next = left * now.dirty_rate / now.bandwidth; // stored to while those go
        if (pass >= limits.passes || next >= left) {
            if (limits.mode == CopyMode::hybrid)
                return left > fits ? there : stop;
            return in_stop <= pages_in(now.bandwidth, limits.downtime_cap_ms) ? std::optional(stop) : std::nullopt;
        }
        ms += ms_for(left);
        left = next;
    }
}

} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#include <transom/migrate/move_estimate.hpp>

namespace transom::migrate {

std::optional<MoveEstimate> estimate(const PassUnderWay& now, const DecisionLimits& limits) {
    if (now.bandwidth == 0)
        return {};
    const auto ms_for = [&](std::uint64_t pages) { return pages * 1000 / now.bandwidth; };
    std::uint64_t ms = ms_for(now.to_send), left = now.left;
    for (unsigned pass = now.pass;; ++pass) {
        const MoveEstimate stop{.left_ms = ms + ms_for(left), .downtime_ms = ms_for(left), .final_pages = left};
        const MoveEstimate there{.left_ms = ms + ms_for(left)}; // it runs there meanwhile
        if (left <= pages_in(now.bandwidth, limits.downtime_ms))
            return stop;
        if (limits.mode == CopyMode::post_copy)
            return there;
        const std::uint64_t next = left * now.dirty_rate / now.bandwidth; // stored to while those go
        if (pass >= limits.passes || next >= left) {
            if (limits.mode == CopyMode::hybrid)
                return there;
            return left <= pages_in(now.bandwidth, limits.downtime_cap_ms) ? std::optional(stop) : std::nullopt;
        }
        ms += ms_for(left);
        left = next;
    }
}

} // namespace transom::migrate

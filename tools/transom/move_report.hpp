// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "digest_table.hpp"
#include "guest_work.hpp"
#include "ticks.hpp"

#include <nlohmann/json.hpp>
#include <optional>

namespace transom::tool {

/// What a machine has counted of a second page table.
struct DrainReport {
    std::uint64_t faults = 0, live_at_switch = 0, drained_by_calls = 0, drained_by_sweep = 0, mismatches = 0;

    DrainReport since(const DrainReport& before) const {
        return {faults - before.faults, live_at_switch - before.live_at_switch,
                drained_by_calls - before.drained_by_calls, drained_by_sweep - before.drained_by_sweep,
                mismatches - before.mismatches};
    }
};

/// What one move of a partition showed.
struct MoveReport {
    std::string from, to;                 ///< names of the machines
    std::string source_qemu, target_qemu; ///< versions
    double total_s = 0;                   ///< from the request until the target has said that it is complete
    double internal_downtime_ms = 0;      ///< as the hypervisors measured it: source's stop to target's start
    std::uint64_t memory_bytes = 0, wire_bytes = 0, zero_pages = 0;
    std::uint64_t passes = 0, pages_resent = 0; ///< while it ran; pages that went more than once, at the end too
    std::uint64_t pages_demanded = 0;           ///< for which the partition waited at the target
    TickReport ticks;
    DigestComparison digest;
    std::string boot_id_source, boot_id_target; ///< Linux only
    double uptime_source_s = 0, uptime_target_s = 0;
    WorkReport work;
    std::optional<DrainReport> cancelled;      ///< the source's, where the move was cancelled first
    bool alive_after = false;                  ///< it still answers at the target
    std::uint64_t timebase_repairs = 0;        ///< at the target: a processor's time base was late, and was set forward
    std::uint64_t timebase_repaired_ticks = 0; ///< by so much, all together
    bool source_let_go = false;                ///< the source does not run it any more

    /// What does not hold, one sentence each; empty if the move was right.
    std::vector<std::string> complaints() const;
    nlohmann::ordered_json json() const;
    std::string text() const;
};

} // namespace transom::tool

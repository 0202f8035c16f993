// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "digest_table.hpp"
#include "guest_hotplug.hpp"
#include "guest_progress.hpp"
#include "guest_resize.hpp"
#include "guest_work.hpp"
#include "storing_report.hpp"
#include "table_report.hpp"
#include "ticks.hpp"

#include <nlohmann/json.hpp>

namespace transom::tool {

/// What one move of a partition showed.
struct MoveReport {
    std::string mode, order;              ///< as it was asked for
    std::string from, to;                 ///< names of the machines
    std::string source_qemu, target_qemu; ///< versions
    std::uint64_t virtual_processors = 0;
    double total_s = 0;              ///< from the request until the target has said that it is complete
    double internal_downtime_ms = 0; ///< as the hypervisors measured it: source's stop to target's start
    double predicted_stop_ms = 0;    ///< before it, for the pages that were left; 0 where they were not to go in it
    double fold_ms = 0; ///< of the stop, at the source: to find and read what had changed in its page tables
    std::uint64_t sections_total = 0,
                  sections_sent = 0; ///< of the page table: there are; and went, each time. Of those:
    std::uint64_t sections_resent = 0, sections_in_stop = 0; ///< not for the first time; while it stood still
    std::uint64_t memory_bytes = 0, wire_bytes = 0;
    std::uint64_t definition_bytes = 0; ///< of wire_bytes: what it is started from, where the target lacked that
    std::uint64_t pages_total = 0, pages_sent = 0,
                  zero_pages = 0; ///< there are; with their contents, and as zero, each time
    double wait_99_ms = 0,
           longest_wait_ms = 0;       ///< for pages, when it ran there: 99 of 100, up to a quarter too much; all
    std::uint64_t slowed_percent = 0; ///< at most, of what who stores too much would store
    std::uint64_t passes = 0, pages_resent = 0; ///< while it ran; pages that went more than once, at the end too
    nlohmann::ordered_json each_pass = nlohmann::ordered_json::array(); ///< passes_json()
    std::uint64_t pages_compressed = 0, pages_delta = 0,
                  bytes_saved = 0;      ///< of pages_sent, and what they took less than they have
    double encode_ms = 0, send_ms = 0;  ///< of the source, for that, and for giving what there was to the connection
    std::uint64_t connections = 0;      ///< most at once
    std::uint64_t connections_lost = 0; ///< of those for pages, in the middle
    std::uint64_t pages_demanded = 0;   ///< for which the partition waited at the target
    TickReport ticks;
    DigestComparison digest;
    std::string boot_id_source, boot_id_target; ///< Linux only
    double uptime_source_s = 0, uptime_target_s = 0;
    WorkReport work;
    std::optional<ResizeReport> resizes;  ///< before the move
    std::optional<HotplugReport> hotplug; ///< over it
    std::string boot_id_rebooted;         ///< after a reboot at the target; empty: there was none
    std::vector<std::string> kernel_complaints;
    std::optional<StoringReport> storing;             ///< of that guest, since it began
    std::vector<PhaseProgress> phases;                ///< how fast the guest writer was
    std::uint64_t pages_checked = 0, pages_wrong = 0; ///< by that guest, after the move
    TableReport tables;                               ///< of both machines
    std::uint64_t rc_mismatches = 0;    ///< entries of the page table whose R and C were not what they had to be
    bool cancelled = false;             ///< it was cancelled first, while the partition ran on the second page table
    nlohmann::ordered_json call_costs;  ///< that guest's, where instructions are counted: call_costs_json()
    bool alive_after = false;           ///< it still answers at the target
    std::uint64_t timebase_repairs = 0; ///< at the target: a processor's time base was late, and was set forward
    std::uint64_t timebase_repaired_ticks = 0; ///< by so much, all together
    bool source_let_go = false;                ///< the source does not run it any more

    /// What does not hold, one sentence each; empty if the move was right.
    std::vector<std::string> complaints() const;
    /// Of those, what the guest itself shows: it is the same one, it goes on, and found nothing wrong.
    std::vector<std::string> guest_complaints() const;
    nlohmann::ordered_json json() const;
    std::string text() const;
};

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "move_report.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr double mib = 1024 * 1024;

std::string digest_text(const DigestComparison& digest) {
    if (!digest.mismatch.empty())
        return "the tables cannot be compared: " + digest.mismatch;
    if (digest.different.empty())
        return fmt::format("{} pages, all alike", digest.pages);
    return fmt::format("{} pages, {} of them different (first: page {})", digest.pages, digest.different.size(),
                       digest.different.front());
}

} // namespace

std::vector<std::string> MoveReport::guest_complaints() const {
    std::vector<std::string> list;
    const auto require = [&](bool holds, std::string complaint) {
        if (!holds)
            list.push_back(std::move(complaint));
    };
    require(boot_id_source == boot_id_target, fmt::format("boot_id was {} and is {}", boot_id_source, boot_id_target));
    require(uptime_target_s >= uptime_source_s,
            fmt::format("uptime was {:.2f} s and is {:.2f} s", uptime_source_s, uptime_target_s));
    require(alive_after, "the partition does not answer at the target");
    if (storing)
        for (std::string& complaint : storing->complaints())
            list.push_back(std::move(complaint));
    require(pages_wrong == 0, fmt::format("the guest found {} of {} pages wrong", pages_wrong, pages_checked));
    for (const std::string& complaint : work.complaints())
        list.push_back(complaint);
    if (resizes)
        list.insert(list.end(), resizes->complaints.begin(), resizes->complaints.end());
    if (hotplug)
        for (std::string& complaint : hotplug->complaints())
            list.push_back(std::move(complaint));
    list.insert(list.end(), kernel_complaints.begin(), kernel_complaints.end());
    require(boot_id_rebooted.empty() || boot_id_rebooted != boot_id_target, "its boot_id is the same after a reboot");
    return list;
}

std::vector<std::string> MoveReport::complaints() const {
    std::vector<std::string> list;
    const auto require = [&](bool holds, std::string complaint) {
        if (!holds)
            list.push_back(std::move(complaint));
    };
    require(digest.match(), "memory differs: " + digest_text(digest));
    require(ticks.on_source > 0, "no tick came from the source");
    require(ticks.on_target > 0, "no tick came from the target");
    require(ticks.repeated == 0, fmt::format("{} ticks came twice", ticks.repeated));
    require(ticks.stepped_back == 0, fmt::format("the counter stepped back {} times", ticks.stepped_back));
    require(ticks.missing == 0, fmt::format("{} ticks are missing, the first {}", ticks.missing, ticks.first_missing));
    require(ticks.clock_stepped_back == 0,
            fmt::format("the partition's clock stepped back {} times", ticks.clock_stepped_back));
    require(ticks.source_after_target == 0, "the source still ran after the target had begun");
    if (cancelled)
        require(tables.live_at_switch > 0, "nothing was in the second page table when the move was cancelled");
    for (std::string& complaint : tables.complaints())
        list.push_back(std::move(complaint));
    require(rc_mismatches == 0, fmt::format("{} entries of the page table have wrong R or C", rc_mismatches));
    require(source_let_go, "the source still runs the partition");
    for (std::string& complaint : guest_complaints())
        list.push_back(std::move(complaint));
    return list;
}

nlohmann::ordered_json MoveReport::json() const {
    nlohmann::ordered_json report = {
        {"mode", mode},
        {"order", order},
        {"from", from},
        {"to", to},
        {"source_qemu", source_qemu},
        {"target_qemu", target_qemu},
        {"virtual_processors", virtual_processors},
        {"total_s", total_s},
        {"downtime_ms", ticks.longest_gap_ms},
        {"internal_downtime_ms", internal_downtime_ms},
        {"predicted_stop_ms", predicted_stop_ms},
        {"fold_us", fold_ms * 1e3},
        {"sections_total", sections_total},
        {"sections_sent", sections_sent},
        {"sections_resent", sections_resent},
        {"sections_in_stop", sections_in_stop},
        {"memory_bytes", memory_bytes},
        {"wire_bytes", wire_bytes},
        {"definition_bytes", definition_bytes},
        {"passes", passes},
        {"each_pass", each_pass},
        {"slowed_percent", slowed_percent},
        {"pages_total", pages_total},
        {"pages_sent", pages_sent},
        {"pages_resent", pages_resent},
        {"zero_pages", zero_pages},
        {"pages_compressed", pages_compressed},
        {"pages_delta", pages_delta},
        {"bytes_saved", bytes_saved},
        {"encode_ms", encode_ms},
        {"send_ms", send_ms},
        {"pages_demanded", pages_demanded},
        {"wait_99_ms", wait_99_ms},
        {"longest_wait_ms", longest_wait_ms},
        {"connections", connections},
        {"connections_lost", connections_lost},
        {"memory_digest_match", digest.match()},
        {"digest_pages", digest.pages},
        {"digest_different_pages", digest.different.size()},
        {"guest_alive_after", alive_after},
        {"handover_gap_ms", ticks.handover_gap_ms},
        {"median_gap_ms", ticks.median_gap_ms},
        {"guest_clock_gap_ms", ticks.guest_gap_ms},
        {"guest_clock_difference_ms", ticks.clock_difference_ms},
        {"ticks_on_source", ticks.on_source},
        {"ticks_on_target", ticks.on_target},
        {"ticks_unbroken", ticks.unbroken()},
        {"work_rounds", work.rounds},
        {"work_wrong", work.wrong},
        {"processors_that_ran", work.processors_that_ran},
        {"rc_mismatches", rc_mismatches},
        {"timebase_repairs", timebase_repairs},
        {"timebase_repaired_ticks", timebase_repaired_ticks},
    };
    tables.add_to(report);
    if (storing)
        storing->add_to(report);
    if (pages_checked != 0) {
        report["pages_checked"] = pages_checked;
        report["pages_wrong"] = pages_wrong;
    }
    if (pages_checked != 0 || work.workers != 0)
        report["phases"] = to_json(phases);
    if (!call_costs.is_null())
        report["call_instructions"] = call_costs;
    if (resizes) {
        report["page_table_resizes"] = resizes->done;
        report["page_table_no_room"] = resizes->no_room;
        report["page_table_order"] = resizes->order;
    }
    if (hotplug) {
        report["hotplug_cycles"] = hotplug->cycles;
        report["hotplug_after_move"] = hotplug->after;
    }
    if (!boot_id_rebooted.empty())
        report["rebooted"] = boot_id_rebooted != boot_id_target;
    if (!boot_id_source.empty()) {
        report["boot_id"] = boot_id_target;
        report["boot_id_same"] = boot_id_source == boot_id_target;
        report["uptime_source_s"] = uptime_source_s;
        report["uptime_target_s"] = uptime_target_s;
    }
    report["complaints"] = complaints();
    return report;
}

std::string MoveReport::text() const {
    std::string text =
        fmt::format("  total time         {:.2f} s\n"
                    "  downtime           {:.0f} ms   longest gap between ticks on the host (median gap {:.1f} ms)\n"
                    "  internal downtime  {:.1f} ms   source's stop to target's start, by the hypervisors\n"
                    "  partition's clock  {:.0f} ms   its longest gap; {:+.0f} ms against the host over the whole run\n"
                    "  memory             {:.0f} MiB, {} zero pages\n"
                    "  on the wire        {:.1f} MiB\n"
                    "  memory digest      {}\n"
                    "  ticks              {} at the source, {} at the target: {}\n",
                    total_s, ticks.longest_gap_ms, ticks.median_gap_ms, internal_downtime_ms, ticks.guest_gap_ms,
                    ticks.clock_difference_ms, static_cast<double>(memory_bytes) / mib, zero_pages,
                    static_cast<double>(wire_bytes) / mib, digest_text(digest), ticks.on_source, ticks.on_target,
                    ticks.unbroken() ? "none lost, repeated or out of order" : "NOT in one unbroken sequence");
    if (bytes_saved != 0)
        text += fmt::format("  saved              {:.1f} MiB in {:.0f} ms: {} pages compressed, {} as what had "
                            "changed; {:.0f} ms for what was sent\n",
                            static_cast<double>(bytes_saved) / mib, encode_ms, pages_compressed, pages_delta, send_ms);
    if (definition_bytes != 0)
        text += fmt::format("  definition         {:.1f} MiB of it: what it is started from went along\n",
                            static_cast<double>(definition_bytes) / mib);
    if (passes != 0)
        text += fmt::format("  passes             {} while it ran, {} pages more than once\n", passes, pages_resent);
    if (predicted_stop_ms != 0)
        text += fmt::format("  predicted          {:.1f} ms of stop for the pages that were left\n", predicted_stop_ms);
    if (slowed_percent != 0)
        text +=
            fmt::format("  slowed             by {} %, the virtual processors that stored too much\n", slowed_percent);
    if (sections_total != 0)
        text += fmt::format("  page table         {} sections, {} more than once; {} of them, {:.1f} ms, in the stop\n",
                            sections_total, sections_resent, sections_in_stop, fold_ms);
    if (connections > 1 || connections_lost != 0)
        text += fmt::format("  connections        {} at once, {} lost\n", connections, connections_lost);
    if (pages_demanded != 0)
        text += fmt::format(
            "  post-copy          waited for {} pages when it ran there, 99 % of them up to {:.1f} ms, none "
            "more than {:.1f} ms\n",
            pages_demanded, wait_99_ms, longest_wait_ms);
    if (!boot_id_source.empty())
        text +=
            fmt::format("  boot_id            {} {}\n  uptime             {:.2f} s before, {:.2f} s after\n",
                        boot_id_target, boot_id_source == boot_id_target ? "on both machines" : "is not the source's",
                        uptime_source_s, uptime_target_s);
    text += tables.text();
    if (storing)
        text += storing->text();
    if (pages_checked != 0)
        text += fmt::format("  its own checks     {} pages, {} wrong\n", pages_checked, pages_wrong);
    if (!phases.empty())
        text += fmt::format("  its speed          {}\n", to_text(phases));
    if (resizes)
        text += fmt::format("  page table         resized {} times before, to 2^{} bytes; {} times no room\n",
                            resizes->done, resizes->order, resizes->no_room);
    if (hotplug)
        text += fmt::format("  processor 1        went off and on {} times, {} of them after the move\n",
                            hotplug->cycles, hotplug->after);
    if (!boot_id_rebooted.empty())
        text += fmt::format("  reboot             there, boot_id {}\n", boot_id_rebooted);
    if (work.workers != 0)
        text += fmt::format("  work               {} rounds, {} wrong, by {} workers; {} of {} processors ran after\n",
                            work.rounds, work.wrong, work.workers, work.processors_that_ran, work.processors_expected);
    text += fmt::format("  alive after        {}\n", alive_after ? "yes" : "NO");
    return text;
}

} // namespace transom::tool

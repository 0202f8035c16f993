// SPDX-License-Identifier: Apache-2.0
#include "move_series.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace transom::tool {
namespace {

/// Counts of all moves together.
constexpr std::array summed = {
    "passes",           "pages_total",       "pages_sent",       "pages_resent",     "zero_pages",
    "pages_compressed", "pages_delta",       "bytes_saved",      "pages_demanded",   "connections_lost",
    "sections_sent",    "sections_resent",   "wire_bytes",       "definition_bytes", "t2_faults",
    "t2_fault_ticks",   "t2_live_at_switch", "drained_by_hcall", "drained_by_sweep", "t2_mismatches",
    "t2_switches",      "rc_mismatches",     "postcopy_faults",  "timebase_repairs", "timebase_repaired_ticks"};
/// The one in the middle says what a move usually takes.
constexpr std::array medians = {"total_s",
                                "downtime_ms",
                                "internal_downtime_ms",
                                "predicted_stop_ms",
                                "fold_us",
                                "sections_in_stop",
                                "encode_ms",
                                "wait_99_ms",
                                "longest_wait_ms",
                                "send_ms",
                                "switch_halt_instructions",
                                "switch_halt_by_fault",
                                "switch_halt_on_entry",
                                "switch_halt_ticks",
                                "drain_ticks"};

/// Of those moves that did it at all.
nlohmann::ordered_json median(std::vector<nlohmann::ordered_json> values) {
    std::erase(values, 0);
    if (values.empty())
        return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Puts in place of the last move's numbers those of all.
void sum_up(nlohmann::ordered_json& report, const nlohmann::ordered_json& moves) {
    for (const char* name : summed) {
        std::uint64_t sum = 0;
        for (const auto& move : moves)
            sum += move[name].get<std::uint64_t>();
        report[name] = sum;
    }
    for (const char* name : medians) {
        std::vector<nlohmann::ordered_json> values;
        for (const auto& move : moves)
            values.push_back(move[name]);
        report[name] = median(std::move(values));
    }
}

} // namespace

std::vector<std::string> MoveSeries::complaints() const {
    std::vector<std::string> list;
    for (std::size_t i = 0; i < moves.size(); ++i)
        for (const std::string& complaint : moves[i].complaints())
            list.push_back(
                rounds == 1 ? complaint
                            : fmt::format("move {} from {} to {}: {}", i + 1, moves[i].from, moves[i].to, complaint));
    if (list.empty() && !agreed_ms && moves.size() != rounds)
        list.push_back(fmt::format("it moved {} times, not {}", moves.size(), rounds));
    if (!powered_off)
        list.emplace_back("the target did not switch itself off with the partition");
    return list;
}

/// Each once, in the order in which they were first.
std::string MoveSeries::modes() const {
    std::vector<std::string> each;
    for (const MoveReport& move : moves)
        if (std::ranges::find(each, move.mode) == each.end())
            each.push_back(move.mode);
    return fmt::format("{}", fmt::join(each, ","));
}

nlohmann::ordered_json MoveSeries::moves_json() const {
    auto list = nlohmann::ordered_json::array();
    for (const MoveReport& move : moves)
        list.push_back(move.json());
    return list;
}

nlohmann::ordered_json MoveSeries::json() const {
    const auto all = complaints();
    nlohmann::ordered_json report = {
        {"result", all.empty() ? "ok" : "failed"}, {"guest", guest}, {"machine", machine}, {"rounds", rounds}};
    const auto list = moves_json();
    if (!list.empty())
        for (const auto& [name, value] : list.back().items())
            report[name] = value;
    if (!list.empty())
        sum_up(report, list);
    report["mode"] = modes();
    if (agreed_ms)
        report["agreed_ms"] = *agreed_ms;
    for (auto item = report.begin(); item != report.end(); ++item)
        if (item->is_boolean())
            *item = std::ranges::all_of(list, [&](const auto& move) { return move[item.key()] == true; });
    report["complaints"] = all;
    if (link)
        report["link"] = link->json();
    report["moves"] = list;
    return report;
}

nlohmann::ordered_json UnfinishedMove::json() const {
    nlohmann::ordered_json move = {
        {"mode", mode}, {"order", order}, {"from", from}, {"to", to}, {"state", said.text("state")}};
    for (const char* name : {"pass", "pages_total", "pages_done", "pages_sent", "zero_pages", "pages_left", "bytes"})
        if (const auto number = said.number(name))
            move[name] = *number;
    if (said.has("error"))
        move["error"] = said.text("error");
    return move;
}

nlohmann::ordered_json MoveSeries::failed_json(std::string_view result, std::string_view error) const {
    nlohmann::ordered_json report = {
        {"result", result}, {"guest", guest}, {"error", error}, {"rounds", rounds}, {"moves", moves_json()}};
    if (unfinished)
        report["unfinished"] = unfinished->json();
    if (link)
        report["link"] = link->json();
    return report;
}

std::string MoveSeries::text() const {
    if (agreed_ms)
        return fmt::format("The {} partition could move: both machines agreed after {:.1f} ms, and nothing has "
                           "changed\n",
                           guest, *agreed_ms);
    if (moves.empty())
        return {};
    std::string text;
    if (moves.size() > 1) {
        text = "  move   from to   total s   downtime ms   internal ms   on the wire MB   work\n";
        for (std::size_t i = 0; i < moves.size(); ++i) {
            const MoveReport& m = moves[i];
            text +=
                fmt::format("  {:>4}   {:>4} {:>2}   {:>7.2f}   {:>11.0f}   {:>11.1f}   {:>14.1f}   {}\n", i + 1,
                            m.from, m.to, m.total_s, m.ticks.longest_gap_ms, m.internal_downtime_ms,
                            static_cast<double>(m.wire_bytes) / 1e6, m.complaints().empty() ? "right" : "NOT right");
        }
        text += "The last one: ";
    }
    return text +
           fmt::format("Move of the {} partition, {} with QEMU {}, to QEMU {}\n", guest, machine,
                       moves.back().source_qemu, moves.back().target_qemu) +
           moves.back().text() + (link ? link->text() : "");
}

} // namespace transom::tool

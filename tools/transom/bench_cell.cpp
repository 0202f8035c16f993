// SPDX-License-Identifier: Apache-2.0
#include "bench_cell.hpp"

#include "qemu.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

/// Without what the partition is started from: QEMU's target is told that by its command line.
std::uint64_t moved_bytes(const MoveReport& move) { return move.wire_bytes - move.definition_bytes; }

double ratio(std::uint64_t of, std::uint64_t to) {
    return to == 0 ? 0 : static_cast<double>(of) / static_cast<double>(to);
}

/// While it ran at the source, in per cent; nothing where that was too short or is not known.
std::string slowdown_text(const BenchCell& cell, std::string_view phase) {
    const auto found = std::ranges::find(cell.move.phases, phase, &PhaseProgress::phase);
    return found == cell.move.phases.end() ? "-" : fmt::format("{:.0f} %", 100 * found->slowdown);
}

std::string row(const BenchCell& cell) {
    const MoveReport& m = cell.move;
    const bool moved = cell.result != "outrun";
    return fmt::format("{:<26} {:<14} {:<7} {:>8.1f} {:>9} {:>9} {:>9.1f} {:>6.2f} {:>6} {:>8} {:>8} {:>8}\n",
                       cell.guest.text(), cell.way, cell.result, m.total_s,
                       moved ? fmt::format("{:.0f}", m.ticks.longest_gap_ms) : "-",
                       !moved                 ? "-"
                       : cell.mover == "qemu" ? fmt::format("{:.0f}", cell.peer_downtime_ms)
                                              : fmt::format("{:.0f}", m.internal_downtime_ms),
                       static_cast<double>(moved_bytes(m)) / 1e6, cell.bytes_per_memory_byte(), m.passes,
                       m.pages_resent, slowdown_text(cell, "pre-copying"), slowdown_text(cell, "post-copying"));
}

} // namespace

std::optional<double> median_of(std::vector<double> values) {
    if (values.empty())
        return {};
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

std::vector<BenchWay> bench_ways() {
    return {{"hybrid", "hybrid", "state"},
            {"state", "pre-copy", "state"},
            {"address", "pre-copy", "address"},
            {"stop-and-copy", "stop-and-copy", "state"}};
}

std::string BenchGuest::text() const {
    std::string what = virtual_processors > 1 ? "linux at work" : "linux idle";
    if (name == "writer")
        what = fmt::format("writer {}{}", writes, writes == "idle" || writes == "mixed" ? "" : " %");
    return fmt::format("{}, {} MiB", what, memory_mib);
}

double BenchCell::bytes_per_memory_byte() const { return ratio(moved_bytes(move), move.memory_bytes); }

std::optional<double> BenchCell::instructions_per_page() const {
    constexpr double instructions_per_tick = 1e9 / 512e6 / icount_ns;
    if (!counts || move.pages_total == 0)
        return {};
    return static_cast<double>(move.tables.fault_ticks) * instructions_per_tick / static_cast<double>(move.pages_total);
}

nlohmann::ordered_json BenchCell::json() const {
    const MoveReport& m = move;
    nlohmann::ordered_json json = {
        {"guest", guest.name},
        {"writes", guest.writes},
        {"write_rate", guest.write_rate},
        {"virtual_processors", guest.virtual_processors},
        {"memory_bytes", m.memory_bytes},
        {"page_table_mib", guest.page_table_mib},
        {"mover", mover},
        {"way", way},
        {"mode", m.mode},
        {"order", m.order},
        {"result", result},
        {"total_s", m.total_s},
        {"downtime_ms", m.ticks.longest_gap_ms},
        {"internal_downtime_ms", mover == "qemu" ? peer_downtime_ms : m.internal_downtime_ms},
        {"wire_bytes", moved_bytes(m)},
        {"bytes_per_memory_byte", bytes_per_memory_byte()},
        {"passes", m.passes},
        {"pages_total", m.pages_total},
        {"pages_sent", m.pages_sent},
        {"pages_resent", m.pages_resent},
        {"zero_pages", m.zero_pages},
        {"pages_demanded", m.pages_demanded},
        {"faults_per_page", ratio(m.tables.faults, m.pages_total)},
        {"fault_ticks_per_page", ratio(m.tables.fault_ticks, m.pages_total)},
        {"fold_us", m.fold_ms * 1e3},
        {"sections_total", m.sections_total},
        {"sections_resent", m.sections_resent},
        {"sections_in_stop", m.sections_in_stop}};
    if (const auto instructions = instructions_per_page())
        json["fault_instructions_per_page"] = *instructions;
    m.tables.add_to(json);
    json["switch_halts"] = to_json(halts);
    json["phases"] = to_json(m.phases);
    json["complaints"] = complaints;
    return json;
}

HaltMedians halt_medians(const std::vector<BenchCell>& cells) {
    std::vector<ProcessorHalt> all;
    for (const BenchCell& cell : cells)
        all.insert(all.end(), cell.halts.begin(), cell.halts.end());
    return HaltMedians::of(all);
}

std::vector<PageTableCosts> page_table_costs(const std::vector<BenchCell>& cells) {
    constexpr double us = 1e6, ticks_per_second = 512e6;
    std::vector<PageTableCosts> costs;
    for (const BenchCell& first : cells) {
        const unsigned mib = first.guest.page_table_mib;
        if (std::ranges::find(costs, mib, &PageTableCosts::page_table_mib) != costs.end())
            continue;
        const auto median = [&](auto value) {
            std::vector<double> values;
            for (const BenchCell& cell : cells)
                if (const double one = value(cell.move);
                    cell.result == "moved" && cell.guest.page_table_mib == mib && one != 0)
                    values.push_back(one);
            return median_of(std::move(values)).value_or(0);
        };
        costs.push_back({.page_table_mib = mib,
                         .fold_us = median([](const MoveReport& move) { return move.fold_ms * 1e3; }),
                         .drain_us = median([](const MoveReport& move) {
                             return static_cast<double>(move.tables.drain_ticks) * us / ticks_per_second;
                         }),
                         .switch_halt_instructions = static_cast<std::uint64_t>(median([](const MoveReport& move) {
                             return static_cast<double>(std::max(move.tables.fault_halt, move.tables.entry_halt));
                         })),
                         .switch_halt_ticks = static_cast<std::uint64_t>(median(
                             [](const MoveReport& move) { return static_cast<double>(move.tables.halt_ticks); }))});
    }
    return costs;
}

std::string bench_table(const std::vector<BenchCell>& cells) {
    std::string text =
        fmt::format("{:<26} {:<14} {:<7} {:>8} {:>9} {:>9} {:>9} {:>6} {:>6} {:>8} {:>8} {:>8}\n", "guest", "way",
                    "result", "total s", "down ms", "own ms", "wire MB", "B/B", "passes", "resent", "pre slow", "post");
    for (const BenchCell& cell : cells)
        text += row(cell);
    return text;
}

} // namespace transom::tool

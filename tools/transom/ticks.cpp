// SPDX-License-Identifier: Apache-2.0
#include "ticks.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace transom::tool {
namespace {

constexpr std::size_t most_shown = 400; // characters of what stood in a missing tick's place

double milliseconds(Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

/// In one line, of which not every byte needs to be a character.
std::string printable(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, most_shown)) {
        if (c == '\n')
            result += "\\n";
        else if (c >= ' ' && c <= '~')
            result += c;
        else
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return result;
}

} // namespace

std::optional<Tick> parse_tick(std::string_view line, std::uint64_t timebase) {
    constexpr std::string_view word = "tick ";
    constexpr std::size_t most = 3;
    // Something else may stand before it, an echoed command or a prompt without a line end.
    const auto at = line.rfind(word);
    if (at == std::string_view::npos)
        return {};
    const char* next = line.data() + at + word.size();
    const char* const end = line.data() + line.size();
    std::vector<std::int64_t> values;
    while (values.size() < most) {
        std::int64_t value = 0;
        const auto [behind, error] = std::from_chars(next, end, value);
        if (error != std::errc{} || value < 0)
            return {};
        values.push_back(value);
        next = behind;
        if (next == end || *next != ' ')
            break;
        ++next;
    }
    if (next != end || values.size() < 2)
        return {};
    Tick tick;
    tick.number = static_cast<std::uint64_t>(values[0]);
    if (values.size() == most) {
        tick.monotonic_ns = values[1];
        tick.boottime_ns = values[2];
    } else {
        tick.monotonic_ns = tick.boottime_ns =
            static_cast<std::int64_t>(static_cast<double>(values[1]) * 1e9 / static_cast<double>(timebase));
    }
    return tick;
}

std::vector<Tick> collect_ticks(const TerminalPart& source, const TerminalPart& target, std::uint64_t timebase) {
    const std::size_t source_length = source.text().size();
    std::string text(source.text());
    text += target.text();
    std::vector<Tick> ticks;
    std::string other;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const auto line = std::string_view(text).substr(begin, end - begin);
        auto tick = parse_tick(line, timebase);
        if (!tick) {
            other += line;
            other += '\n';
            continue;
        }
        tick->before = std::exchange(other, {});
        tick->on_target = end >= source_length;
        tick->at = tick->on_target ? target.arrival(end - source_length) : source.arrival(end);
        ticks.push_back(*tick);
    }
    return ticks;
}

TickReport analyse_ticks(const std::vector<Tick>& ticks, Clock::time_point from) {
    TickReport report;
    report.count = ticks.size();
    std::vector<double> gaps;
    std::uint64_t highest = 0;
    for (std::size_t i = 0; i < ticks.size(); ++i) {
        const Tick& tick = ticks[i];
        ++(tick.on_target ? report.on_target : report.on_source);
        if (i == 0) {
            highest = tick.number;
            continue;
        }
        const Tick& before = ticks[i - 1];
        if (tick.number == before.number)
            ++report.repeated;
        else if (tick.number < before.number)
            ++report.stepped_back;
        if (tick.number > highest + 1) {
            report.missing += tick.number - highest - 1;
            if (report.first_missing.empty())
                report.first_missing =
                    fmt::format("between {} and {}, where '{}' stood", highest, tick.number, printable(tick.before));
        }
        const std::uint64_t highest_before = std::exchange(highest, std::max(highest, tick.number));
        if (tick.monotonic_ns < before.monotonic_ns || tick.boottime_ns < before.boottime_ns)
            ++report.clock_stepped_back;
        const double gap = milliseconds(tick.at - before.at);
        // Had the source run on, it would have made the target's ticks, too. The times do not tell: a busy host reads one console late.
        if (tick.on_target && !before.on_target) {
            report.handover_gap_ms = gap;
            if (tick.number <= highest_before)
                ++report.source_after_target;
        }
        gaps.push_back(gap);
        if (tick.at >= from) {
            report.longest_gap_ms = std::max(report.longest_gap_ms, gap);
            report.guest_gap_ms =
                std::max(report.guest_gap_ms, static_cast<double>(tick.monotonic_ns - before.monotonic_ns) / 1e6);
        }
    }
    if (!gaps.empty()) {
        std::ranges::nth_element(gaps, gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2));
        report.median_gap_ms = gaps[gaps.size() / 2];
        report.clock_difference_ms = static_cast<double>(ticks.back().monotonic_ns - ticks.front().monotonic_ns) / 1e6 -
                                     milliseconds(ticks.back().at - ticks.front().at);
    }
    return report;
}

} // namespace transom::tool

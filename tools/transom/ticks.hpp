// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace transom::tool {

/// One line of the partition's ticker: "tick N MONOTONIC_NS BOOTTIME_NS" of Linux, "tick N TIMEBASE" of the bare-metal one.
struct Tick {
    std::uint64_t number = 0;
    std::int64_t monotonic_ns = 0; ///< the partition's own clocks
    std::int64_t boottime_ns = 0;
    Clock::time_point at; ///< when the line was complete on the host
    bool on_target = false;
    std::string before; ///< what stood between the tick before and this one, normally nothing
};

/// `timebase`: ticks of the machines' time base in a second (`hello`).
std::optional<Tick> parse_tick(std::string_view line, std::uint64_t timebase);

/// A machine's terminal from some position on.
struct TerminalPart {
    const ConsoleFilter& console;
    std::size_t from = 0;

    std::string_view text() const {
        const std::string_view all = console.terminal();
        return all.substr(std::min(from, all.size()));
    }
    Clock::time_point arrival(std::size_t offset) const { return console.arrival(from + offset); }
};

/// The terminal is one stream that goes on at the target, maybe in the middle of a line.
std::vector<Tick> collect_ticks(const TerminalPart& source, const TerminalPart& target, std::uint64_t timebase);

struct TickReport {
    std::size_t count = 0, on_source = 0, on_target = 0;
    std::size_t repeated = 0, stepped_back = 0, missing = 0, clock_stepped_back = 0, source_after_target = 0;
    /// Between which ticks the first missing ones should have been, and what stood there.
    std::string first_missing;
    double longest_gap_ms = 0;  ///< host time: the downtime
    double handover_gap_ms = 0; ///< host time between the last tick at the source and the first at the target
    double median_gap_ms = 0;
    double guest_gap_ms = 0;        ///< the longest gap by the partition's own clock
    double clock_difference_ms = 0; ///< partition's time minus host time that passed from the first to the last tick

    bool unbroken() const {
        return on_source > 0 && on_target > 0 && repeated + stepped_back + missing + clock_stepped_back == 0 &&
               source_after_target == 0;
    }
};

/// The gaps are looked for from `from` on (when the move was asked for); the numbers are checked in all ticks.
TickReport analyse_ticks(const std::vector<Tick>& ticks, Clock::time_point from);

} // namespace transom::tool

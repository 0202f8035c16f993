// SPDX-License-Identifier: Apache-2.0
#include "move_line.hpp"

#include "move_progress.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace transom::tool {
namespace {

double milliseconds(std::uint64_t ticks, std::uint64_t timebase) {
    return timebase == 0 ? 0 : static_cast<double>(ticks) * 1e3 / static_cast<double>(timebase);
}

} // namespace

bool is_under_way(std::string_view state) {
    constexpr auto states =
        std::to_array<std::string_view>({"connecting", "pre-copying", "copying", "confirming", "post-copying"});
    return std::ranges::find(states, state) != states.end();
}

std::string move_line(const Fields& move, std::uint64_t timebase) {
    const std::string state = move.text("state");
    if (state == "none")
        return "no move yet";
    const auto number = [&](std::string_view key) { return move.number(key).value_or(0); };
    std::string line = fmt::format("{} {} {}: ", move.text("partition"), move.text("role") == "source" ? "to" : "from",
                                   move.text("peer"));
    if (is_under_way(state)) {
        line += phase_in_words(state);
        if (move.has("pass"))
            line += fmt::format(", pass {}", number("pass"));
        line += fmt::format(", {} of {} pages there", number("pages_done"), number("pages_total"));
        if (move.has("dirty_rate"))
            line +=
                fmt::format(", {} pages/s written, {} pages/s can be sent", number("dirty_rate"), number("bandwidth"));
        line += estimate_in_words(move);
    } else {
        line += phase_in_words(state);
        if (number("ended_ticks") != 0)
            line += fmt::format(" after {:.1f} s", milliseconds(number("ended_ticks"), timebase) / 1e3);
        if (move.has("downtime_ticks"))
            line += fmt::format(", stood still for {:.1f} ms", milliseconds(number("downtime_ticks"), timebase));
    }
    if (move.has("error"))
        line += fmt::format(" ({}: {})", move.text("error_name"), move.text("error"));
    return line;
}

nlohmann::ordered_json move_json(const Fields& move) {
    nlohmann::ordered_json json;
    for (const auto& [key, text] : move.all()) {
        const bool named = key == "partition" || key == "error"; // whatever it is
        if (const auto number = named ? std::nullopt : move.number(key))
            json[key] = *number;
        else
            json[key] = text;
    }
    return json;
}

} // namespace transom::tool

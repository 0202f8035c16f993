// SPDX-License-Identifier: Apache-2.0
#include "call_costs.hpp"

#include "management_answer.hpp"

#include <charconv>
#include <cmath>

namespace transom::tool {
namespace {

std::optional<std::uint64_t> number_behind(std::string_view& text, std::string_view words) {
    const auto at = text.find(words);
    if (at == std::string_view::npos)
        return {};
    text.remove_prefix(at + words.size());
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{})
        return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

nlohmann::ordered_json to_json(const CallCost& cost, double instructions_per_tick) {
    const auto instructions = [&](std::uint64_t ticks) {
        return std::llround(static_cast<double>(ticks) * instructions_per_tick);
    };
    return {{"count", cost.count},
            {"p50", instructions(cost.p50)},
            {"p99", instructions(cost.p99)},
            {"max", instructions(cost.longest)}};
}

} // namespace

CallCosts parse_call_costs(std::string_view text) {
    constexpr std::string_view beginning = "storing: cost ";
    CallCosts costs;
    for (std::size_t at = text.find(beginning); at != std::string_view::npos; at = text.find(beginning, at)) {
        at += beginning.size();
        const Fields fields = Fields::parse(text.substr(at, text.find('\n', at) - at));
        const auto number = [&](std::string_view name) { return fields.number(name).value_or(0); };
        costs[fields.text("call")] = {number("count"), number("p50"), number("p99"), number("max")};
    }
    return costs;
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> drain_time(std::string_view line) {
    const auto from = number_behind(line, "in its time from ");
    const auto to = number_behind(line, " to ");
    if (!from || !to)
        return {};
    return std::pair(*from, *to);
}

nlohmann::ordered_json call_costs_json(const CallCosts& normal, const CallCosts& drain, double instructions_per_tick) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [name, cost] : normal) {
        const auto drained = drain.find(name);
        json[name] = {{"normal", to_json(cost, instructions_per_tick)},
                      {"drain", to_json(drained != drain.end() ? drained->second : CallCost{}, instructions_per_tick)}};
    }
    return json;
}

} // namespace transom::tool

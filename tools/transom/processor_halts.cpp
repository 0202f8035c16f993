// SPDX-License-Identifier: Apache-2.0
#include "processor_halts.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

/// The lower one of two in the middle.
std::optional<std::uint64_t> middle(std::vector<std::uint64_t> values) {
    if (values.empty())
        return {};
    const auto at = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::ranges::nth_element(values, at);
    return *at;
}

template <class Value> std::optional<std::uint64_t> middle_of(const std::vector<ProcessorHalt>& halts, Value value) {
    std::vector<std::uint64_t> values;
    for (const ProcessorHalt& halt : halts)
        if (const std::optional<std::uint64_t> one = value(halt))
            values.push_back(*one);
    return middle(std::move(values));
}

auto instructions_of(bool by_fault) {
    return [by_fault](const ProcessorHalt& halt) {
        return halt.by_fault == by_fault ? std::optional(halt.instructions) : std::nullopt;
    };
}

std::string number(std::optional<std::uint64_t> value) { return value ? fmt::format("{}", *value) : "-"; }

} // namespace

std::vector<ProcessorHalt> halts_since(std::uint64_t before, const Answer& report) {
    std::vector<ProcessorHalt> halts;
    for (const Fields& row : report.rows()) {
        const auto fault = row.number("t2_halt_by_fault"), entry = row.number("t2_halt_on_entry"),
                   ticks = row.number("t2_halt_ticks");
        if (fault || entry)
            halts.push_back({.by_fault = fault.has_value(), .instructions = fault ? *fault : *entry});
        else if (ticks && !halts.empty())
            halts.back().ticks = *ticks;
    }
    const auto fresh = static_cast<std::size_t>(report.counter("t2_halts") - before);
    if (fresh < halts.size())
        halts.erase(halts.begin(), halts.end() - static_cast<std::ptrdiff_t>(fresh));
    return halts;
}

HaltMedians HaltMedians::of(const std::vector<ProcessorHalt>& halts) {
    return {.processors = halts.size(),
            .by_fault = static_cast<std::size_t>(std::ranges::count(halts, true, &ProcessorHalt::by_fault)),
            .fault_instructions = middle_of(halts, instructions_of(true)),
            .entry_instructions = middle_of(halts, instructions_of(false)),
            .ticks = middle_of(halts, [](const ProcessorHalt& halt) { return std::optional(halt.ticks); })};
}

nlohmann::ordered_json HaltMedians::json() const {
    nlohmann::ordered_json json = {{"processors", processors}, {"by_fault", by_fault}};
    const auto put = [&](const char* name, std::optional<std::uint64_t> value) {
        if (value)
            json[name] = *value;
    };
    put("instructions_by_fault", fault_instructions);
    put("instructions_on_entry", entry_instructions);
    put("ticks", ticks);
    return json;
}

std::string HaltMedians::text() const {
    if (processors == 0)
        return {};
    return fmt::format("switch back of a processor, medians of {}: {} instructions by a fault ({} of them), {} on its "
                       "way in (PMC5), {} ticks\n",
                       processors, number(fault_instructions), by_fault, number(entry_instructions), number(ticks));
}

nlohmann::ordered_json to_json(const std::vector<ProcessorHalt>& halts) {
    auto list = nlohmann::ordered_json::array();
    for (const ProcessorHalt& halt : halts)
        list.push_back({{"way", halt.by_fault ? "by-fault" : "on-entry"},
                        {"instructions", halt.instructions},
                        {"ticks", halt.ticks}});
    return list;
}

} // namespace transom::tool

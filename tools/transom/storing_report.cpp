// SPDX-License-Identifier: Apache-2.0
#include "storing_report.hpp"

#include "management_answer.hpp"

#include <charconv>
#include <fmt/format.h>

namespace transom::tool {

namespace {

constexpr std::string_view beginning = "storing: ok ";

/// "N,M".
std::optional<std::array<std::uint64_t, 2>> pair(const std::string& text) {
    std::array<std::uint64_t, 2> numbers{};
    const char* const end = text.data() + text.size();
    const auto [comma, first] = std::from_chars(text.data(), end, numbers[0]);
    if (first != std::errc{} || comma == end || *comma != ',')
        return {};
    const auto [rest, second] = std::from_chars(comma + 1, end, numbers[1]);
    if (second != std::errc{} || rest != end)
        return {};
    return numbers;
}

std::optional<StoringReport> parse(std::string_view words) {
    const Fields fields = Fields::parse(words);
    StoringReport report;
    const std::array<std::pair<std::string_view, std::uint64_t*>, 8> numbers{{{"lines", &report.lines},
                                                                              {"wrong_lines", &report.wrong_lines},
                                                                              {"calls", &report.calls},
                                                                              {"looks", &report.looks},
                                                                              {"rc_mismatches", &report.rc_mismatches},
                                                                              {"wrong_others", &report.wrong_others},
                                                                              {"sleeps", &report.sleeps},
                                                                              {"additions", &report.additions}}};
    for (const auto& [name, to] : numbers) {
        const auto value = fields.number(name);
        if (!value)
            return {};
        *to = *value;
    }
    const auto steps = pair(fields.text("steps"));
    if (!steps)
        return {};
    report.steps = *steps;
    return report;
}

} // namespace

std::optional<StoringReport> StoringReport::last_in(std::string_view text) {
    for (std::size_t at = text.rfind(beginning); at != std::string_view::npos;
         at = at == 0 ? std::string_view::npos : text.rfind(beginning, at - 1)) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string_view::npos)
            continue;
        if (const auto report = parse(text.substr(at + beginning.size(), end - at - beginning.size())))
            return report;
    }
    return {};
}

std::vector<std::string> StoringReport::complaints() const {
    std::vector<std::string> list;
    if (wrong_lines != 0)
        list.push_back(fmt::format("the guest found {} of {} lines wrong", wrong_lines, lines));
    if (rc_mismatches != 0)
        list.push_back(fmt::format("the guest found R or C wrong {} times in {} looks", rc_mismatches, looks));
    if (wrong_others != 0)
        list.push_back(fmt::format("the guest found {} other things wrong", wrong_others));
    return list;
}

void StoringReport::add_to(nlohmann::ordered_json& report) const {
    report["lines_checked"] = lines;
    report["wrong_lines"] = wrong_lines;
    report["table_calls"] = calls;
    report["rc_looks"] = looks;
    report["wrong_others"] = wrong_others;
    report["sleeps"] = sleeps;
    report["additions"] = additions;
}

std::string StoringReport::text() const {
    return fmt::format("  its own checks     {} lines, {} wrong; {} looks at R and C, {} wrong; {} page-table calls\n",
                       lines, wrong_lines, looks, rc_mismatches, calls);
}

} // namespace transom::tool

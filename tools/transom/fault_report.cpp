// SPDX-License-Identifier: Apache-2.0
#include "fault_report.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr std::size_t most_absent = 10; ///< one in so many may not have been sent when its turn came

} // namespace

void FaultReport::note(const FaultCell& cell, const Happened& happened, Outcome wanted, Outcome found,
                       const std::string& word, const std::vector<std::string>& complaints) {
    ++cells;
    rows.push_back({{"cell", cell.text()},
                    {"phase", name(phase_of(cell, happened))},
                    {"record", cell.record_text()},
                    {"nth", cell.nth},
                    {"action", cell.victim ? "kill" : cell.action},
                    {"beside", happened.beside},
                    {"expected", name(wanted)},
                    {"outcome", name(found)},
                    {"error", word}});
    if (!complaints.empty())
        rows.back()["complaints"] = complaints;
    if (found != wanted)
        wrong.push_back(
            fmt::format("{}: the partition is {}, not {} ({})", cell.text(), name(found), name(wanted), word));
    for (const std::string& complaint : complaints)
        wrong.push_back(fmt::format("{}: {}", cell.text(), complaint));
}

void FaultReport::note_absent(const FaultCell& cell) {
    not_reached.push_back(cell.text());
    if (cell.is_certain())
        wrong.push_back(fmt::format("{}: the record was not sent", cell.text()));
}

std::vector<std::string> FaultReport::complaints() const {
    std::vector<std::string> list = wrong;
    if (cells == 0)
        list.emplace_back("no fault came about");
    if (not_reached.size() * most_absent > planned)
        list.push_back(fmt::format("{} of {} records were not sent when their turn came: {}", not_reached.size(),
                                   planned, fmt::join(not_reached, ", ")));
    if (cells + not_reached.size() != planned)
        list.push_back(fmt::format("{} of {} faults were not tried", planned - cells - not_reached.size(), planned));
    return list;
}

nlohmann::ordered_json FaultReport::json() const {
    std::map<std::string, unsigned> outcomes, phases;
    for (const auto& row : rows) {
        ++outcomes[row["outcome"].get<std::string>()];
        ++phases[row["phase"].get<std::string>()];
    }
    const auto all = complaints();
    return {{"result", all.empty() ? "ok" : "failed"},
            {"guest", guest},
            {"machine", machine},
            {"mode", mode},
            {"part", part},
            {"planned", planned},
            {"cells", cells},
            {"not_reached", not_reached.size()},
            {"outcomes", outcomes},
            {"phases", phases},
            {"total_s", total_s},
            {"absent", not_reached},
            {"wrong", all},
            {"rows", rows}};
}

std::string FaultReport::text() const {
    std::map<std::pair<std::string, std::string>, std::map<std::string, unsigned>> table;
    for (const auto& row : rows)
        ++table[{row["phase"].get<std::string>(), row["record"].get<std::string>()}][row["outcome"].get<std::string>()];
    std::string text = fmt::format("  {:<13} {:<15} {:>8} {:>8} {:>9} {:>6}   who has the partition\n", "phase",
                                   "record", "source", "target", "in doubt", "lost");
    for (auto& [where, ends] : table)
        text += fmt::format("  {:<13} {:<15} {:>8} {:>8} {:>9} {:>6}\n", where.first, where.second, ends["source"],
                            ends["target"], ends["in-doubt"], ends["lost"]);
    return text +
           fmt::format("{} faults of {}, {} things otherwise than they have to be; {} records were not sent when "
                       "their turn came; {:.0f} s\n",
                       cells, planned, wrong.size(), not_reached.size(), total_s);
}

} // namespace transom::tool

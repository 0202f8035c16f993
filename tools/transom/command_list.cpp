// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "json_file.hpp"
#include "move_line.hpp"
#include "order.hpp"

#include <algorithm>

namespace transom::tool {
namespace {

std::string processors(std::uint64_t hundredths) { return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100); }

nlohmann::ordered_json described(const Fields& row) {
    const auto number = [&](std::string_view key) { return row.number(key).value_or(0); };
    return {{"partition", row.text("partition")},
            {"state", row.text("state")},
            {"from", row.text("from")},
            {"memory_bytes", number("memory")},
            {"virtual_processors", number("vcpus")},
            {"entitled_capacity", number("entitled")},
            {"capacity_weight", number("weight")},
            {"capped", row.text("capped") == "yes"},
            {"processors", row.text("processors")}};
}

/// What else there is to say about its processors.
std::string how(const Fields& row) {
    if (const auto processors = row.text("processors"); processors != "shared")
        return " " + std::string(processors);
    return row.text("capped") == "yes" ? " capped" : "";
}

std::string free_room(const Fields& totals) {
    const auto number = [&](std::string_view key) { return totals.number(key).value_or(0); };
    const std::string dirty =
        number("scrubbing") == 0 ? "" : fmt::format(" and {} MiB being scrubbed", number("scrubbing") >> 20);
    return fmt::format("free: {} MiB{}, {} of {} processors", number("free") >> 20, dirty,
                       processors(number("unallocated")), processors(number("capacity")));
}

void add_room(nlohmann::ordered_json& json, const Fields& totals) {
    const auto number = [&](std::string_view key) { return totals.number(key).value_or(0); };
    json["free_bytes"] = number("free");
    json["scrubbing_bytes"] = number("scrubbing");
    json["capacity"] = number("capacity");
    json["unallocated"] = number("unallocated");
}

void print_table(const std::vector<Fields>& rows) {
    std::size_t width = std::string_view("partition").size();
    for (const Fields& row : rows)
        width = std::max(width, row.text("partition").size());
    fmt::print("{:{}}  {:10}  {:8}  {:>9}  {:>5}  {:>8}\n", "partition", width, "state", "from", "memory", "vcpus",
               "entitled");
    for (const Fields& row : rows)
        fmt::print("{:{}}  {:10}  {:8}  {:>5} MiB  {:>5}  {:>8}{}\n", row.text("partition"), width, row.text("state"),
                   row.text("from"), row.number("memory").value_or(0) >> 20, row.number("vcpus").value_or(0),
                   processors(row.number("entitled").value_or(0)), how(row));
}

} // namespace

int list(const OrderOptions& options) {
    const JsonFile json(options.json);
    const Answer answer = connect_for_orders(options).demand("status");
    if (!answer.rows().empty())
        print_table(answer.rows());
    fmt::print("{} partitions and definitions; {}\n", answer.rows().size(), free_room(answer.result()));
    auto partitions = nlohmann::ordered_json::array();
    for (const Fields& row : answer.rows())
        partitions.push_back(described(row));
    nlohmann::ordered_json report{{"result", "ok"}, {"partitions", partitions}};
    add_room(report, answer.result());
    json.write(report);
    return 0;
}

int status(const OrderOptions& options) {
    const JsonFile json(options.json);
    ManagementClient machine = connect_for_orders(options);
    const Fields& hello = machine.hello();
    const Answer answer = machine.demand("status");
    const Fields move = machine.demand("migration").result();
    const auto running =
        std::ranges::count(answer.rows(), "running", [](const Fields& row) { return row.text("state"); });
    fmt::print("Transom {} on {} ({})\n", hello.text("transom"), hello.text("machine"), hello.text("cpu"));
    fmt::print("{} partitions and definitions, {} running; {}\n", answer.rows().size(), running,
               free_room(answer.result()));
    fmt::print("{}\n", move_line(move, hello.number("timebase").value_or(0)));
    nlohmann::ordered_json report{{"result", "ok"},
                                  {"transom", hello.text("transom")},
                                  {"machine", hello.text("machine")},
                                  {"cpu", hello.text("cpu")},
                                  {"timebase", hello.number("timebase").value_or(0)},
                                  {"partitions", answer.rows().size()},
                                  {"running", running}};
    add_room(report, answer.result());
    report["migration"] = move_json(move);
    json.write(report);
    return 0;
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "json_file.hpp"
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
    const auto number = [&](std::string_view key) { return answer.result().number(key).value_or(0); };
    if (!answer.rows().empty())
        print_table(answer.rows());
    const std::string dirty =
        number("scrubbing") == 0 ? "" : fmt::format(" and {} MiB being scrubbed", number("scrubbing") >> 20);
    fmt::print("{} partitions and definitions; free: {} MiB{}, {} of {} processors\n", answer.rows().size(),
               number("free") >> 20, dirty, processors(number("unallocated")), processors(number("capacity")));
    auto partitions = nlohmann::ordered_json::array();
    for (const Fields& row : answer.rows())
        partitions.push_back(described(row));
    json.write({{"result", "ok"},
                {"partitions", partitions},
                {"free_bytes", number("free")},
                {"scrubbing_bytes", number("scrubbing")},
                {"capacity", number("capacity")},
                {"unallocated", number("unallocated")}});
    return 0;
}

} // namespace transom::tool

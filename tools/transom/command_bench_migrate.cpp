// SPDX-License-Identifier: Apache-2.0
#include "bench_charts.hpp"
#include "bench_moves.hpp"
#include "bench_plan.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "json_file.hpp"
#include "progress.hpp"
#include "pseries_move.hpp"
#include "qemu.hpp"
#include "time_limit.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr unsigned most_rounds = 100;
constexpr auto no_limit = std::chrono::hours(100); // each move has one of its own

struct Measured {
    std::vector<BenchCell> moves, page_tables, counted;

    std::vector<BenchCell>& part(std::string_view name) {
        return name == "moves" ? moves : name == "page_tables" ? page_tables : counted;
    }
    std::vector<std::string> complaints() const {
        std::vector<std::string> list;
        for (const auto* part : {&moves, &page_tables, &counted})
            for (const BenchCell& cell : *part) {
                if (cell.mover == "qemu") // that is QEMU's business: the table says so
                    continue;
                for (const std::string& complaint : cell.complaints)
                    list.push_back(fmt::format("{}, {}: {}", cell.guest.text(), cell.way, complaint));
            }
        return list;
    }
};

nlohmann::ordered_json to_json(const std::vector<BenchCell>& cells) {
    auto list = nlohmann::ordered_json::array();
    for (const BenchCell& cell : cells)
        list.push_back(cell.json());
    return list;
}

std::vector<BenchCell> run_group(const BenchMigrateOptions& options, const BenchGroup& group, Clock::time_point until) {
    std::vector<BenchCell> cells;
    if (!group.is_qemu)
        return bench_moves(options.common, group.guest, group.ways, std::max(options.rounds, group.least_rounds),
                           group.counts, until);
    for (unsigned round = 0; round < options.rounds; ++round)
        cells.push_back(pseries_move(options.common, group.guest, until));
    return cells;
}

std::string page_table_text(const std::vector<BenchCell>& cells) {
    std::string text;
    for (const PageTableCosts& costs : page_table_costs(cells))
        text += fmt::format("page table of {} MiB, medians: fold {:.0f} us, drain {:.0f} us, switch {} instructions "
                            "(PMC5), {} ticks\n",
                            costs.page_table_mib, costs.fold_us, costs.drain_us, costs.switch_halt_instructions,
                            costs.switch_halt_ticks);
    return text;
}

nlohmann::ordered_json to_json(const std::vector<PageTableCosts>& all) {
    auto list = nlohmann::ordered_json::array();
    for (const PageTableCosts& costs : all)
        list.push_back({{"page_table_mib", costs.page_table_mib},
                        {"fold_us", costs.fold_us},
                        {"drain_us", costs.drain_us},
                        {"switch_halt_instructions", costs.switch_halt_instructions},
                        {"switch_halt_ticks", costs.switch_halt_ticks}});
    return list;
}

std::string counted_text(const std::vector<BenchCell>& cells) {
    std::string text;
    for (const BenchCell& cell : cells) {
        const TableReport& tables = cell.move.tables;
        const auto pages = static_cast<double>(std::max<std::uint64_t>(cell.move.pages_total, 1));
        text += fmt::format(
            "{}, {}, instructions counted: {:.2f} faults in the second page table for each page, {:.0f} instructions\n",
            cell.guest.text(), cell.way, static_cast<double>(tables.faults) / pages,
            cell.instructions_per_page().value_or(0));
    }
    return text;
}

/// Of moves whose clock is time. Counted ones come on top of it, and their ticks are something else.
HaltMedians halts_of(const Measured& measured) {
    std::vector<BenchCell> cells = measured.moves;
    cells.insert(cells.end(), measured.page_tables.begin(), measured.page_tables.end());
    return halt_medians(cells);
}

nlohmann::ordered_json report(const BenchMigrateOptions& options, const Measured& measured) {
    const auto complaints = measured.complaints();
    return {{"result", complaints.empty() ? "ok" : "failed"},
            {"machine", options.common.machine},
            {"rounds", options.rounds},
            {"moves", to_json(measured.moves)},
            {"page_tables", to_json(measured.page_tables)},
            {"page_table_medians", to_json(page_table_costs(measured.page_tables))},
            {"switch_halt_medians", halts_of(measured).json()},
            {"counted", to_json(measured.counted)},
            {"complaints", complaints}};
}

} // namespace

int bench_migrate(const BenchMigrateOptions& options) {
    if (options.rounds < 1 || options.rounds > most_rounds)
        fail("bench migrate --rounds {}: each cell is moved 1 to {} times", options.rounds, most_rounds);
    const JsonFile json(options.common.json);
    prepare_partition_machine(options.common, "bench migrate");
    if (!options.charts.empty())
        check_gnuplot();
    const bool can_count = !find_counting_qemu(options.common.qemu).empty();
    const auto plan = bench_plan(options, can_count);
    if (!can_count)
        fmt::print("no QEMU 10 (tools/setup --qemu10): instructions of faults are not counted\n");

    const auto until = Clock::now() + time_limit(options.common, no_limit);
    Measured measured;
    for (std::size_t i = 0; i < plan.size(); ++i) {
        fmt::print("{} {} of {}: {}{}\n", progress_bar(static_cast<double>(i) / static_cast<double>(plan.size())),
                   i + 1, plan.size(), plan[i].guest.text(), plan[i].is_qemu ? ", by QEMU itself" : "");
        std::fflush(stdout);
        auto& part = measured.part(plan[i].part);
        for (BenchCell& cell : run_group(options, plan[i], until))
            part.push_back(std::move(cell));
        json.write(report(options, measured)); // what there is so far, should the rest not come about
    }

    fmt::print("\n{}{}{}{}", bench_table(measured.moves), page_table_text(measured.page_tables),
               halts_of(measured).text(), counted_text(measured.counted));
    json.write(report(options, measured));
    if (!options.charts.empty())
        for (const auto& file : write_charts(bench_charts(measured.moves), options.charts))
            fmt::print("{}\n", file.string());
    if (const auto complaints = measured.complaints(); !complaints.empty())
        fail("a move is not right: {}", fmt::join(complaints, "; "));
    return 0;
}

} // namespace transom::tool

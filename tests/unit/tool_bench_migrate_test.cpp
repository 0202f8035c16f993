// SPDX-License-Identifier: Apache-2.0
#include "bench_charts.hpp"
#include "bench_plan.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <set>

namespace transom::tool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

BenchCell cell(std::string writes, std::string way, std::uint64_t resent) {
    BenchCell cell{.guest = {.name = "writer", .writes = std::move(writes), .memory_mib = 256},
                   .way = std::move(way),
                   .result = "moved",
                   .move = {},
                   .complaints = {}};
    cell.move.memory_bytes = 256 << 20;
    cell.move.wire_bytes = 384 << 20;
    cell.move.pages_total = 4096;
    cell.move.pages_resent = resent;
    cell.move.tables.faults = 8192;
    cell.move.phases = {{.phase = "before", .seconds = 1, .units_per_second = 100},
                        {.phase = "pre-copying", .seconds = 1, .units_per_second = 75, .slowdown = 0.25}};
    return cell;
}

TEST(BenchMigrate, PlansEveryGuestInEveryWay) {
    const auto plan = bench_plan({.common = {}, .guest = {}, .guest_memory = {}, .write_rate = {}, .charts = {}}, true);
    std::set<std::string> writers;
    unsigned peers = 0;
    for (const BenchGroup& group : plan) {
        if (group.part == "moves" && group.guest.name == "writer" && group.ways.size() == bench_ways().size())
            writers.insert(group.guest.text());
        peers += group.is_qemu ? 1 : 0;
        EXPECT_EQ(group.ways.empty(), group.is_qemu);
    }
    EXPECT_EQ(writers.size(), 2 * 5u);
    EXPECT_EQ(peers, 2 * 2u) << "Linux idle and at work, in both sizes";
    EXPECT_EQ(std::ranges::count(plan, std::string("page_tables"), &BenchGroup::part), 4) << "by sizes of page table";
    EXPECT_EQ(std::ranges::count(plan, true, &BenchGroup::counts), 1);
    for (const BenchGroup& group : plan)
        if (group.part == "moves" && group.guest.name == "writer") {
            EXPECT_EQ(group.guest.write_rate, group.guest.memory_mib * 400 / 256)
                << "a share means the same in any memory";
        }
    const auto without =
        bench_plan({.common = {}, .guest = {}, .guest_memory = {}, .write_rate = {}, .charts = {}}, false);
    EXPECT_EQ(without.size() + 1, plan.size());
    const auto only =
        bench_plan({.common = {}, .guest = "linux", .guest_memory = {}, .write_rate = {}, .charts = {}}, true);
    EXPECT_EQ(only.size(), 8u);
}

TEST(BenchMigrate, TheQuickPlanIsOneWriterInBothOrdersAndAPageTable) {
    const BenchMigrateOptions quick{
        .common = {}, .quick = true, .guest = {}, .guest_memory = {}, .write_rate = 77, .charts = {}};
    const auto plan = bench_plan(quick, false);
    ASSERT_EQ(plan.size(), 2u);
    EXPECT_EQ(plan[1].part, "page_tables");
    EXPECT_EQ(plan[1].guest.page_table_mib, 16u);
    EXPECT_EQ(plan[1].ways.size(), 2u);
    const auto counted = bench_plan(quick, true);
    ASSERT_EQ(counted.size(), 3u);
    EXPECT_EQ(counted[2].part, "counted");
    EXPECT_TRUE(counted[2].counts);
    EXPECT_EQ(plan[0].guest.writes, "mixed");
    EXPECT_EQ(plan[0].guest.write_rate, 77u);
    ASSERT_EQ(plan[0].ways.size(), 2u);
    EXPECT_EQ(plan[0].ways[0].order, "state");
    EXPECT_EQ(plan[0].ways[1].order, "address");
    EXPECT_EQ(plan[0].ways[0].mode, "pre-copy");
}

TEST(BenchMigrate, ACellSaysWhatItIsRelativeTo) {
    const auto json = cell("50", "state", 7).json();
    EXPECT_EQ(json["bytes_per_memory_byte"], 1.5);
    EXPECT_EQ(json["faults_per_page"], 2.0);
    EXPECT_EQ(json["pages_resent"], 7);
    EXPECT_EQ(json["phases"][1]["slowdown"], 0.25);
    EXPECT_EQ(json["mover"], "transom");
    EXPECT_FALSE(json.contains("fault_instructions_per_page")) << "nobody has counted them";
    BenchCell counted = cell("50", "state", 7);
    counted.counts = true;
    counted.move.tables.fault_ticks = 4096 * 1024;
    EXPECT_EQ(counted.json()["fault_instructions_per_page"], 1000.0) << "a tick is 1.95 ns, and an instruction 2";
    const std::string table = bench_table({cell("50", "state", 7), cell("idle", "hybrid", 0)});
    EXPECT_THAT(table, HasSubstr("writer 50 %, 256 MiB"));
    EXPECT_THAT(table, HasSubstr("writer idle, 256 MiB"));
    EXPECT_THAT(table, HasSubstr("25 %"));
}

TEST(BenchMigrate, AChartHasTheMedianOfTheRoundsAndGapsWhereNothingIsKnown) {
    const std::vector<BenchCell> cells = {cell("mixed", "state", 5),  cell("mixed", "state", 100),
                                          cell("mixed", "state", 7),  cell("mixed", "address", 20),
                                          cell("idle", "address", 1), cell("idle", "stop-and-copy", 0)};
    const auto charts = bench_charts(cells);
    const auto& resent = charts.at(0);
    EXPECT_THAT(resent.ways, ElementsAre("state", "address")) << "standing still nothing goes again";
    ASSERT_EQ(resent.groups.size(), 2u);
    EXPECT_EQ(resent.groups[0].guest, "writer mixed, 256 MiB");
    EXPECT_THAT(resent.groups[0].values, ElementsAre(7.0, 20.0));
    EXPECT_THAT(resent.groups[1].values, ElementsAre(std::nullopt, 1.0));
    const std::string script = gnuplot_script(resent, "a \"folder\"/resent.svg");
    EXPECT_THAT(script, HasSubstr("\"writer mixed, 256 MiB\" 7 20\n"));
    EXPECT_THAT(script, HasSubstr("\"writer idle, 256 MiB\" NaN 1\n"));
    EXPECT_THAT(script, HasSubstr(R"(set output "a \"folder\"/resent.svg")"));
    EXPECT_THAT(script, HasSubstr("title \"address\""));
}

TEST(BenchMigrate, APageTableHasTheMediansOfTheMovesThatShowThem) {
    std::vector<BenchCell> cells;
    for (const unsigned table : {16u, 256u})
        for (const unsigned n : {3u, 1u, 2u}) {
            cells.push_back(cell("50", "state", 0));
            cells.back().guest.page_table_mib = table;
            cells.back().move.fold_ms = n * table;
            cells.push_back(cell("50", "post-copy", 0));
            cells.back().guest.page_table_mib = table;
            cells.back().move.tables.drain_ticks = std::uint64_t{n} * table * 512;
            cells.back().move.tables.entry_halt = n;
            cells.back().move.tables.halt_ticks = 10 * n;
        }
    const auto costs = page_table_costs(cells);
    ASSERT_EQ(costs.size(), 2u);
    EXPECT_EQ(costs[0].page_table_mib, 16u);
    EXPECT_EQ(costs[0].fold_us, 32'000);
    EXPECT_EQ(costs[0].drain_us, 32);
    EXPECT_EQ(costs[1].page_table_mib, 256u);
    EXPECT_EQ(costs[1].drain_us, 512);
    EXPECT_EQ(costs[1].switch_halt_instructions, 2u);
    EXPECT_EQ(costs[1].switch_halt_ticks, 20u);
    EXPECT_TRUE(page_table_costs({}).empty());
}

TEST(BenchMigrate, HaltsAreThoseOfEachProcessorOfEachMove) {
    std::vector<BenchCell> cells(2, cell("50", "hybrid", 0));
    cells[0].halts = {{true, 300, 30}, {true, 200, 20}};
    cells[1].halts = {{true, 250, 10}};
    EXPECT_EQ(halt_medians(cells).fault_instructions, 250u);
    EXPECT_EQ(halt_medians(cells).processors, 3u);
    EXPECT_EQ(cells[0].json()["switch_halts"][1]["instructions"], 200);
}

TEST(BenchMigrate, WhatWasNotMeasuredHasNoChart) {
    BenchCell only = cell("mixed", "stop-and-copy", 0);
    only.move.phases.clear();
    for (const BenchChart& chart : bench_charts({only}))
        EXPECT_THAT(chart.file, Not(testing::AnyOf("resent.svg", "slowdown.svg")));
}

} // namespace
} // namespace transom::tool

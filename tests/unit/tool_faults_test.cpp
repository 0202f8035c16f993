// SPDX-License-Identifier: Apache-2.0
#include "fault_cell.hpp"
#include "fault_run.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using migrate::RecordType;

TEST(ToolFaults, EachRecordUpToSoManyAndElseThreeOfThem) {
    const RecordCounts source = {{RecordType::hello, 1}, {RecordType::page, 200}, {RecordType::working, 7}};
    const RecordCounts target = {{RecordType::pong, 3}};
    const auto some = fault_cells(source, target, 3);
    EXPECT_EQ(some.size(), 3u * (1 + 3 + 3)) << "three faults each, and none of what comes by chance";
    EXPECT_EQ(some[3].nth, 1u);
    EXPECT_EQ(some[6].nth, 100u);
    EXPECT_EQ(some[9].nth, 200u);
    EXPECT_EQ(fault_cells(source, target, 200).size(), 3u * (1 + 200 + 3));
    EXPECT_EQ(some[0].text(), "hello 1 of the source: corrupt");
}

TEST(ToolFaults, WhoHasItFollowsFromTheHandOver) {
    const auto outcome = [](End sender, RecordType record, std::optional<End> victim, bool post_copy) {
        return *expected({.sender = sender, .record = record, .action = "cut", .victim = victim}, post_copy);
    };
    for (const bool post_copy : {false, true}) {
        EXPECT_EQ(outcome(End::source, RecordType::end, {}, post_copy), Outcome::on_source);
        EXPECT_EQ(outcome(End::source, RecordType::run, {}, post_copy), Outcome::on_source);
        EXPECT_EQ(outcome(End::target, RecordType::held, {}, post_copy), Outcome::on_source);
        EXPECT_EQ(outcome(End::target, RecordType::running, {}, post_copy), Outcome::on_target);
        EXPECT_EQ(outcome(End::source, RecordType::run, End::target, post_copy), Outcome::in_doubt);
        EXPECT_EQ(outcome(End::source, RecordType::run, End::source, post_copy), Outcome::lost);
        EXPECT_EQ(outcome(End::target, RecordType::running, End::target, post_copy), Outcome::in_doubt);
    }
    EXPECT_EQ(outcome(End::source, RecordType::page, {}, false), Outcome::on_source);
    EXPECT_EQ(outcome(End::source, RecordType::page, {}, true), Outcome::on_target);
    EXPECT_EQ(outcome(End::target, RecordType::running, End::source, false), Outcome::on_target);
    EXPECT_EQ(outcome(End::target, RecordType::running, End::source, true), Outcome::lost);
    EXPECT_EQ(outcome(End::source, RecordType::page, End::target, true), Outcome::lost);
    EXPECT_EQ(outcome(End::source, RecordType::all_sent, End::source, true), Outcome::on_target);
}

TEST(ToolFaults, WhatIsSealedHasFaultsOfItsOwn) {
    const auto cells = sealed_cells(100, 2, 3);
    ASSERT_EQ(cells.size(), 3u * (3 + 2));
    EXPECT_EQ(cells[3].text(), "sealed piece 50 of the source: corrupt");
    EXPECT_EQ(cells.back().text(), "sealed piece 2 of the target: cut");
    EXPECT_FALSE(expected(cells[0], false).has_value()) << "who has it depends on what was in there";
}

TEST(ToolFaults, KillsAtMomentsThatTheMoveHas) {
    const auto cells = kill_cells({{RecordType::hello, 1}, {RecordType::page, 9}}, {{RecordType::running, 1}});
    ASSERT_EQ(cells.size(), 6u);
    EXPECT_EQ(cells[2].nth, 5u);
    EXPECT_EQ(cells[2].action, "hold");
    EXPECT_EQ(cells[3].text(), "page 5 of the source: the target is killed");
}

TEST(ToolFaults, TheReportCounts) {
    FaultReport report{.guest = "spin", .machine = "powernv9", .mode = "hybrid", .wrong = {}, .rows = {}};
    EXPECT_EQ(report.json()["result"], "failed") << "nothing came about";
    report.cells = 2;
    for (const char* who : {"source", "target"})
        report.rows.push_back({{"record", "run"}, {"outcome", who}});
    EXPECT_EQ(report.json()["result"], "ok");
    EXPECT_EQ(report.json()["outcomes"]["source"], 1);
    EXPECT_THAT(report.text(), testing::HasSubstr("run                   1        1         0      0"));
    report.wrong.emplace_back("x");
    EXPECT_EQ(report.json()["result"], "failed");
}

} // namespace
} // namespace transom::tool

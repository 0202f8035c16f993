// SPDX-License-Identifier: Apache-2.0
#include "call_costs.hpp"
#include "digest_table.hpp"
#include "failure.hpp"
#include "move_series.hpp"
#include "pass_report.hpp"
#include "ticks.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t timebase = 512000000;

Clock::time_point at(int ms) { return Clock::time_point{} + std::chrono::milliseconds(ms); }

void tick(ConsoleFilter& console, int ms, int number, int clock_ms) {
    console.feed(at(ms), fmt::format("tick {} {}000000 {}000000\r\n", number, clock_ms, clock_ms));
}

TEST(ToolTicks, ReadsBothFormsAndNothingElse) {
    const auto linux_tick = parse_tick("transom# tick 12 3000 4000", timebase);
    ASSERT_TRUE(linux_tick);
    EXPECT_EQ(linux_tick->number, 12u);
    EXPECT_EQ(linux_tick->monotonic_ns, 3000);
    EXPECT_EQ(linux_tick->boottime_ns, 4000);
    for (const std::uint64_t frequency : {timebase, std::uint64_t{256000000}}) {
        const auto bare = parse_tick("tick 3 512000000", frequency);
        ASSERT_TRUE(bare);
        EXPECT_EQ(bare->monotonic_ns, frequency == timebase ? 1000000000 : 2000000000);
    }
    for (const char* line :
         {"tick", "tick 1", "tick x 2 3", "tick 1 2 3 4", "tick 1 2 3x", "tick 1  2 3", "tick -1 2 3"})
        EXPECT_FALSE(parse_tick(line, timebase)) << line;
}

TEST(ToolTicks, AMoveInTheMiddleOfALineLosesNothing) {
    ConsoleFilter source, target;
    source.feed(at(0), "old\ntick 9 9 9\n");
    const std::size_t from = source.terminal().size();
    tick(source, 10, 1, 10);
    tick(source, 20, 2, 20);
    source.feed(at(30), "tick 3 30");
    source.feed(at(31), "transom: suspended\n");
    target.feed(at(0),
                "[    0.104649683,5] OPAL v7.0 starting...\n[    0.105446365,7] memory 7\ntransom: runs here\r\n");
    target.feed(at(90), "000000 30000000\r\n");
    tick(target, 100, 4, 95);
    const auto ticks = collect_ticks({source, from}, {target}, timebase);
    ASSERT_EQ(ticks.size(), 4u);
    EXPECT_TRUE(ticks[2].on_target);
    EXPECT_EQ(ticks[2].at, at(90));
    const TickReport report = analyse_ticks(ticks, at(0));
    EXPECT_TRUE(report.unbroken());
    EXPECT_EQ(report.on_source, 2u);
    EXPECT_EQ(report.on_target, 2u);
    EXPECT_DOUBLE_EQ(report.longest_gap_ms, 70);
    EXPECT_DOUBLE_EQ(report.handover_gap_ms, 70);
    EXPECT_DOUBLE_EQ(report.median_gap_ms, 10);
    EXPECT_DOUBLE_EQ(report.guest_gap_ms, 65);
    EXPECT_DOUBLE_EQ(report.clock_difference_ms, -5);
}

TEST(ToolTicks, AFirmwareLineInTheMiddleOfATickLosesNothing) {
    ConsoleFilter source, target;
    tick(source, 10, 1, 10);
    source.feed(at(20), "tick 2 20000");
    source.feed(at(21), "[    4.008865238,4] SBE: Lagging timer fired\n");
    source.feed(at(22), "000 20000000\n");
    source.feed(at(23), "[    4.018865238,4] SBE: cut off");
    target.feed(at(90), "[    4.008865238,4] SBE: Lagging timer fired\r\n");
    tick(target, 100, 3, 95);
    const auto ticks = collect_ticks({source}, {target}, timebase);
    ASSERT_EQ(ticks.size(), 3u);
    EXPECT_EQ(ticks[1].at, at(22));
    EXPECT_TRUE(ticks[2].on_target);
    EXPECT_EQ(ticks[2].at, at(100));
    EXPECT_TRUE(analyse_ticks(ticks, at(0)).unbroken());
}

TEST(ToolTicks, QuotesWhatStandsInPlaceOfAMissingTick) {
    ConsoleFilter source, target;
    tick(source, 10, 1, 10);
    source.feed(at(20), "tick 2 20000[    9.152371] random: crng\xc3\r\n000 20000000\r\n");
    tick(target, 100, 3, 95);
    const TickReport report = analyse_ticks(collect_ticks({source}, {target}, timebase), at(0));
    EXPECT_EQ(report.missing, 1u);
    EXPECT_EQ(report.first_missing,
              "between 1 and 3, where 'tick 2 20000[    9.152371] random: crng\\xc3\\n000 20000000\\n' stood");
}

TEST(ToolTicks, LooksForTheGapAfterTheRequestOnly) {
    ConsoleFilter source, target;
    tick(source, 0, 1, 0);
    tick(source, 500, 2, 500);
    tick(source, 510, 3, 510);
    tick(target, 530, 4, 530);
    EXPECT_DOUBLE_EQ(analyse_ticks(collect_ticks({source}, {target}, timebase), at(505)).longest_gap_ms, 20);
}

TEST(ToolTicks, NoticesEachKindOfBreak) {
    const auto report = [](std::initializer_list<std::array<int, 3>> target_ticks) {
        ConsoleFilter source, target;
        tick(source, 10, 1, 10);
        tick(source, 20, 2, 20);
        for (const auto& [ms, number, clock_ms] : target_ticks)
            tick(target, ms, number, clock_ms);
        return analyse_ticks(collect_ticks({source}, {target}, timebase), at(0));
    };
    EXPECT_TRUE(report({{30, 3, 30}}).unbroken());
    EXPECT_FALSE(report({}).unbroken());
    EXPECT_EQ(report({{30, 2, 30}}).repeated, 1u);
    EXPECT_EQ(report({{30, 1, 30}, {40, 2, 40}, {50, 3, 50}}).stepped_back, 1u);
    EXPECT_EQ(report({{30, 6, 30}}).missing, 3u);
    EXPECT_EQ(report({{30, 6, 30}}).first_missing, "between 2 and 6, where '' stood");
    EXPECT_EQ(report({{30, 3, 19}}).clock_stepped_back, 1u);
    EXPECT_EQ(report({{30, 2, 30}, {40, 3, 40}}).source_after_target, 1u) << "both made the second one";
    EXPECT_TRUE(report({{15, 3, 30}}).unbroken()) << "the source's console was read late";
}

Answer answer(std::initializer_list<const char*> lines) {
    Answer result;
    for (const char* line : lines)
        result.add_line(line);
    return result;
}

TEST(ToolAnswer, ReadsRowsResultsAndErrors) {
    Answer status;
    EXPECT_FALSE(status.add_line("+ partition=debian state=running memory=268435456"));
    EXPECT_TRUE(status.add_line("ok partitions=1 error=\"two words\" flag\r"));
    EXPECT_TRUE(status.ok());
    ASSERT_EQ(status.rows().size(), 1u);
    EXPECT_EQ(status.rows()[0].number("memory"), 268435456u);
    EXPECT_EQ(status.rows()[0].number("state"), std::nullopt);
    EXPECT_EQ(status.result().text("error"), "two words");
    EXPECT_TRUE(status.result().has("flag"));
    const Answer refused = answer({"error BUSY: another move is under way"});
    EXPECT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), "BUSY: another move is under way");
    EXPECT_THROW(answer({"SSH-2.0-OpenSSH"}), Failure);
}

TEST(ToolDigest, ComparesEveryPageZeroPagesToo) {
    const auto table = [](const char* last) {
        return DigestTable::parse(
            answer({"+ first=0 hashes=0,1a,ffffffffffffffff", last, "ok pages=5 granule=65536 algorithm=xxh64"}));
    };
    const auto source = table("+ first=3 hashes=0,7");
    EXPECT_THAT(source.pages, ElementsAre(0u, 0x1au, ~0ull, 0u, 7u));
    EXPECT_TRUE(compare(source, source).match());
    EXPECT_EQ(compare(source, source).pages, 5u);
    EXPECT_THAT(compare(source, table("+ first=3 hashes=1,7")).different, ElementsAre(3u));
}

TEST(ToolDigest, RefusesTablesThatAreNotWhole) {
    const auto parse = [](std::initializer_list<const char*> lines) { return DigestTable::parse(answer(lines)); };
    EXPECT_THROW(parse({"+ first=1 hashes=0", "ok pages=1 granule=1 algorithm=x"}), Failure);
    EXPECT_THROW(parse({"+ first=0 hashes=0,,1", "ok pages=3 granule=1 algorithm=x"}), Failure);
    EXPECT_THROW(parse({"+ first=0 hashes=0,g", "ok pages=2 granule=1 algorithm=x"}), Failure);
    EXPECT_THROW(parse({"+ first=0 hashes=0", "ok pages=2 granule=1 algorithm=x"}), Failure);
    const auto empty = parse({"ok pages=0 granule=1 algorithm=x"});
    EXPECT_FALSE(compare(empty, empty).match());
    const auto other = parse({"+ first=0 hashes=0", "ok pages=1 granule=1 algorithm=y"});
    EXPECT_FALSE(compare(empty, other).match());
}

MoveReport good_report() {
    MoveReport report;
    report.from = "A";
    report.to = "B";
    report.ticks.on_source = report.ticks.on_target = 5;
    report.digest.pages = 4096;
    report.boot_id_source = report.boot_id_target = "id";
    report.alive_after = report.source_let_go = true;
    return report;
}

MoveSeries good_series(unsigned rounds) {
    MoveSeries series;
    series.guest = "linux";
    series.rounds = rounds;
    series.moves.assign(rounds, good_report());
    series.powered_off = true;
    return series;
}

TEST(ToolMoveReport, HasTheNamesThatWerePromised) {
    const auto json = good_series(1).json();
    EXPECT_EQ(json["result"], "ok");
    EXPECT_EQ(json["memory_digest_match"], true);
    EXPECT_EQ(json["guest_alive_after"], true);
    for (const char* name : {"guest", "total_s", "downtime_ms", "internal_downtime_ms", "memory_bytes", "wire_bytes",
                             "virtual_processors", "rounds", "work_rounds", "work_wrong", "source_qemu", "target_qemu"})
        EXPECT_TRUE(json.contains(name)) << name;
    for (const char* name :
         {"mode", "passes", "pages_total", "pages_sent", "pages_resent", "zero_pages", "t2_faults", "t2_live_at_switch",
          "drained_by_hcall", "drained_by_sweep", "rc_mismatches", "switch_halt_instructions", "fold_us",
          "postcopy_faults", "sections_total", "sections_sent", "sections_resent", "sections_in_stop"})
        EXPECT_TRUE(json.contains(name)) << name;
    EXPECT_EQ(json["moves"].size(), 1u);
}

TEST(ToolMoveReport, R65_HasEachPass) {
    const char* const line =
        "pass=2 ticks=512000 pages_sent=50 zero_pages=4 pages_resent=30 pages_left=9 hot=3 evicted=40 "
        "sweep_ticks=9 tlbies=70 dirty_rate=60 bandwidth=500 predicted_left=8 predicted_stop_ticks=1024000";
    MoveReport report = good_report();
    report.each_pass = passes_json({Fields::parse(line)}, timebase);
    report.predicted_stop_ms = 2;
    const auto json = report.json();
    ASSERT_EQ(json["each_pass"].size(), 1u);
    EXPECT_EQ(json["predicted_stop_ms"], 2.0);
    const auto& pass = json["each_pass"][0];
    EXPECT_EQ(pass["ms"], 1.0);
    EXPECT_EQ(pass["predicted_stop_ms"], 2.0);
    for (const auto& [name, value] : {std::pair("hot", 3), {"evicted", 40}, {"tlbies", 70}, {"pages_resent", 30}})
        EXPECT_EQ(pass[name], value) << name;
    EXPECT_THROW(passes_json({Fields::parse("pass=2")}, timebase), Failure);
}

TEST(ToolMoveReport, CountsAreSummedAndWhatAMoveTakesIsTheMedian) {
    MoveSeries series = good_series(3);
    for (unsigned i = 0; i < 3; ++i) {
        series.moves[i].passes = i + 1;
        series.moves[i].tables = {.faults = 10 * i, .fault_halt = 100 - i};
        series.moves[i].fold_ms = i;
        series.moves[i].mode = i == 1 ? "post-copy" : "hybrid";
    }
    const auto json = series.json();
    EXPECT_EQ(json["passes"], 6);
    EXPECT_EQ(json["t2_faults"], 30);
    EXPECT_EQ(json["switch_halt_instructions"], 99);
    EXPECT_EQ(json["fold_us"], 1000.0);
    EXPECT_EQ(json["mode"], "hybrid,post-copy");
}

TEST(ToolMoveReport, ComplainsAboutEachWrongCountOfTheTables) {
    MoveReport report = good_report();
    report.tables = {.live_at_switch = 3, .drained_by_calls = 1, .drained_by_sweep = 1};
    EXPECT_THAT(report.complaints(), ElementsAre("of 3 entries of the second page table 2 were drained"));
    report = good_report();
    report.tables.mismatches = 2;
    EXPECT_THAT(report.complaints(), ElementsAre("2 entries of the second page table were not in the first"));
    report = good_report();
    report.rc_mismatches = 1;
    EXPECT_THAT(report.complaints(), ElementsAre("1 entries of the page table have wrong R or C"));
    report = good_report();
    report.cancelled = true;
    EXPECT_THAT(report.complaints(), ElementsAre("nothing was in the second page table when the move was cancelled"));
}

TEST(ToolMoveReport, TablesOfWhichNoneWasDrainedHaveNoHalt) {
    const TableReport before{.drained = 1, .faults = 5, .fault_halt = 70};
    TableReport after = before;
    after.faults = 9;
    EXPECT_EQ(after.since(before).fault_halt, 0u);
    EXPECT_EQ(after.since(before).faults, 4u);
    after.drained = 2;
    EXPECT_EQ(after.since(before).with({.drained = 1, .fault_halt = 90}).fault_halt, 90u);
}

TEST(ToolCallCosts, AreReadFromWhatTheGuestSays) {
    const auto costs = parse_call_costs("storing: cost call=H_ENTER count=3 p50=10 p99=20 max=30\ntick 1 2\n"
                                        "storing: cost call=H_REMOVE count=0\nstoring: costs end\n");
    ASSERT_EQ(costs.size(), 2u);
    EXPECT_EQ(costs.at("H_ENTER").p99, 20u);
    EXPECT_EQ(costs.at("H_REMOVE").count, 0u);
    const auto json = call_costs_json(costs, {}, 0.5);
    EXPECT_EQ(json["H_ENTER"]["normal"]["p99"], 10);
    EXPECT_EQ(json["H_ENTER"]["drain"]["count"], 0);
}

TEST(ToolCallCosts, TheTimeOfADrainIsInTheLog) {
    const auto time = drain_time(
        "partition a: its second page table is drained: 7 entries when the last processor had left it, 3 by its "
        "calls, 4 by the sweep; in its time from 1200 to 3400");
    ASSERT_TRUE(time);
    EXPECT_EQ(time->first, 1200u);
    EXPECT_EQ(time->second, 3400u);
    EXPECT_FALSE(drain_time("partition a: switched off"));
}

TEST(ToolStoringReport, IsTheLastWholeLine) {
    const std::string line = "storing: ok lines=10 wrong_lines=0 calls=5 looks=4 rc_mismatches=0 wrong_others=0 "
                             "sleeps=3 additions=6 steps=7,8 rounds=1,0";
    EXPECT_FALSE(StoringReport::last_in(line)) << "it may go on";
    const auto first = StoringReport::last_in("tick 1 2\n" + line + "\nstoring: ok lines=99");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->lines, 10u);
    EXPECT_THAT(first->steps, ElementsAre(7u, 8u));
    EXPECT_THAT(first->complaints(), testing::IsEmpty());
    EXPECT_FALSE(StoringReport::last_in("storing: ok lines=10 wrong_lines=0\n"));
    StoringReport now = *first;
    ++now.steps[0];
    EXPECT_FALSE(now.went_on_since(*first)) << "one of its processors stands still";
    ++now.steps[1];
    EXPECT_TRUE(now.went_on_since(*first));
    now.wrong_lines = now.rc_mismatches = now.wrong_others = 1;
    EXPECT_EQ(now.complaints().size(), 3u);
}

TEST(ToolMoveReport, ComplainsAboutEachThingThatDoesNotHold) {
    EXPECT_THAT(good_report().complaints(), testing::IsEmpty());
    MoveReport report = good_report();
    report.digest.different = {17};
    EXPECT_THAT(report.complaints(), ElementsAre(HasSubstr("first: page 17")));
    report = good_report();
    report.boot_id_target = "other";
    EXPECT_THAT(report.complaints(), ElementsAre(HasSubstr("boot_id")));
    report = good_report();
    report.uptime_source_s = 2;
    EXPECT_THAT(report.complaints(), ElementsAre(HasSubstr("uptime")));
    report = good_report();
    report.ticks.repeated = 1;
    EXPECT_EQ(report.complaints().size(), 1u);
    report = good_report();
    report.alive_after = report.source_let_go = false;
    EXPECT_EQ(report.complaints().size(), 2u);
    report = good_report();
    report.work = {.workers = 2, .processors_expected = 2, .rounds = 9, .wrong = 1};
    EXPECT_THAT(report.complaints(), ElementsAre(HasSubstr("1 of 9 rounds"), HasSubstr("0 processors, not 2"),
                                                 HasSubstr("0 of 2 workers"), HasSubstr("0 of 2 processors ran")));
}

TEST(ToolMoveSeries, HoldsWhatHoldsInEveryMove) {
    MoveSeries series = good_series(3);
    EXPECT_THAT(series.complaints(), testing::IsEmpty());
    EXPECT_EQ(series.json()["moves"].size(), 3u);
    series.moves[2].total_s = 7;
    series.moves[0].digest.different = {17};
    EXPECT_THAT(series.complaints(), ElementsAre(testing::StartsWith("move 1 from A to B: memory differs")));
    const auto json = series.json();
    EXPECT_EQ(json["result"], "failed");
    EXPECT_EQ(json["memory_digest_match"], false);
    EXPECT_EQ(json["moves"][2]["memory_digest_match"], true);
    EXPECT_EQ(json["guest_alive_after"], true);
    EXPECT_EQ(json["total_s"], 7.0) << "of those that took any";
    EXPECT_EQ(json["moves"][2]["total_s"], 7.0);
    series = good_series(3);
    series.moves.pop_back();
    EXPECT_THAT(series.complaints(), ElementsAre("it moved 2 times, not 3"));
    series.unfinished = UnfinishedMove{.mode = "hybrid",
                                       .order = "state",
                                       .from = "A",
                                       .to = "B",
                                       .said = Fields::parse("state=pre-copying pass=2 pages_done=100")};
    const auto failed = series.failed_json("interrupted", "why");
    EXPECT_EQ(failed["result"], "interrupted");
    EXPECT_EQ(failed["error"], "why");
    EXPECT_EQ(failed["moves"].size(), 2u);
    EXPECT_EQ(failed["unfinished"]["state"], "pre-copying");
    EXPECT_EQ(failed["unfinished"]["pages_done"], 100);
    EXPECT_FALSE(failed["unfinished"].contains("error"));
    series = good_series(1);
    series.powered_off = false;
    EXPECT_EQ(series.complaints().size(), 1u);
}

TEST(ToolGuestWork, IsReadFromWhatThePartitionPrints) {
    const auto before = WorkState::parse("work 3 0\nwork 7 1\n"
                                         "cpu0 10 0 20 999 5 1 2 50 0 0\ncpu1 4 0 4 100 0 0 0 0 0 0\n");
    ASSERT_EQ(before.workers.size(), 2u);
    EXPECT_EQ(before.rounds(), 10u);
    EXPECT_EQ(before.wrong(), 1u);
    EXPECT_THAT(before.busy, ElementsAre(33u, 8u));
    const auto after = WorkState::parse("work 5 0\nwork 8 1\n"
                                        "cpu0 10 0 20 1999 7 1 2 50 0 0\ncpu1 4 0 5 100 0 0 0 0 0 0\n");
    EXPECT_EQ(after.workers_on_since(before), 1u);
    EXPECT_EQ(after.processors_on_since(before), 1u);
    const auto other = WorkState::parse("work 3\nwork x 0\n[   12.5] sched: cpu1 3 4\ncpu  1 2 3 4 5 6\n");
    EXPECT_THAT(other.workers, testing::IsEmpty());
    EXPECT_THAT(other.busy, testing::IsEmpty());
}

} // namespace
} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "hcall_report.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view good = "skiboot says call to init\r\n"
                                  "# guest bench 1\r\n"
                                  "# machine pvr=0x4e1200 memory=67108864 pft-shift=19 frequency=512000000\r\n"
                                  "call null count=100 instructions=13600 ticks=17203\r\n"
                                  "skip h_xirr another status than expected\r\n"
                                  "call h_protect count=200 instructions=20000 ticks=40960\r\n"
                                  "# end operations=3\r\n";

TEST(ToolBench, ReadsAWholeRun) {
    const BenchRun run = parse_bench(good);
    EXPECT_EQ(run.problem(), "");
    EXPECT_THAT(run.measured, ElementsAre(BenchRun::Measured{"null", 100, 13600, 17203},
                                          BenchRun::Measured{"h_protect", 200, 20000, 40960}));
    EXPECT_THAT(run.skipped, ElementsAre("h_xirr another status than expected"));
    EXPECT_EQ(run.timebase_frequency, 512'000'000u);
    ASSERT_NE(run.find("null"), nullptr);
    EXPECT_EQ(run.find("h_xirr"), nullptr);
}

TEST(ToolBench, DoesNotTrustARunThatIsNotWhole) {
    const auto problem = [](std::string_view text) { return parse_bench(text).problem(); };
    const std::string machine = "# machine frequency=512000000\n", null = "call null count=1 instructions=2 ticks=3\n";
    EXPECT_EQ(problem(machine + null + "# end operations=1\n"), "");
    EXPECT_THAT(problem(""), HasSubstr("end"));
    EXPECT_THAT(problem(machine + null), HasSubstr("end"));
    EXPECT_THAT(problem(null + "# end operations=1\n"), HasSubstr("time base"));
    EXPECT_THAT(problem(machine + null + "# end operations=2\n"), HasSubstr("tried 2 operations and reported 1"));
    EXPECT_THAT(problem(machine + "# end operations=0\n"), HasSubstr("tried 0"));
    EXPECT_THAT(problem(machine + null + null + "# end operations=2\n"), HasSubstr("called 'null'"));
    EXPECT_THAT(problem(machine + "Bail out! unexpected interrupt 0x700 in null\n"), HasSubstr("0x700 in null"));
}

TEST(ToolBench, SaysWhichLineSaysNothing) {
    for (const std::string line :
         {"null", "null count=0 instructions=1 ticks=1", "null count=1 instructions=-1 ticks=1",
          "null count=1 instructions=1", "null count=1 instructions=1x ticks=1",
          "null count=1 instructions=99999999999999999999 ticks=1"})
        EXPECT_THAT(parse_bench("call " + line + "\n# end operations=1\n").problem(), HasSubstr("call " + line));
}

HcallRuns three_runs() {
    const std::string machine = "# machine frequency=512000000\n", end = "# end operations=2\n";
    return {.plain = parse_bench(machine + "call null count=100 instructions=13600 ticks=30000\n" +
                                 "call h_xirr count=100 instructions=1000 ticks=5\n" + end),
            .counted = parse_bench(machine + "call null count=100 instructions=13600 ticks=17203\n" +
                                   "call h_xirr count=100 instructions=1000 ticks=2048\n" + end),
            .peer = parse_bench(machine + "call null count=100 instructions=100 ticks=350006\nskip h_xirr no\n" + end)};
}

TEST(ToolBench, TakesInstructionsFromTheTimeBaseOfACountedRun) {
    const auto rows = hcall_rows(three_runs());
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].name, "null");
    EXPECT_NEAR(rows[0].instructions, 168.0, 0.01); // 172.03 ticks of 1.953 ns, 2 ns each
    EXPECT_EQ(rows[0].pmc5, 136.0);
    EXPECT_EQ(rows[0].ticks, 300.0);
    EXPECT_NEAR(rows[0].kvm_hv.value_or(0), 3418.0, 0.1);
    EXPECT_NEAR(rows[0].ratio().value_or(0), 20.3, 0.1);
    EXPECT_NEAR(rows[1].instructions, 20.0, 0.01);
    EXPECT_FALSE(rows[1].kvm_hv || rows[1].ratio());
}

TEST(ToolBench, TakesInstructionsFromPmc5WithoutACountedRun) {
    HcallRuns runs = three_runs();
    runs.counted.reset();
    runs.peer.reset();
    const auto rows = hcall_rows(runs);
    EXPECT_EQ(rows.at(0).instructions, 136.0);
    EXPECT_EQ(
        hcall_json(rows).dump(),
        R"({"null":{"instructions":136,"pmc5":136,"ticks":300.0},"h_xirr":{"instructions":10,"pmc5":10,"ticks":0.1}})");
    EXPECT_THAT(hcall_table(rows), testing::Not(HasSubstr("KVM")));
}

TEST(ToolBench, ReportsThePeerWhereItHasAFigure) {
    const auto rows = hcall_rows(three_runs());
    const auto json = hcall_json(rows);
    EXPECT_EQ(json["null"]["kvm_hv"], 3418);
    EXPECT_EQ(json["null"]["ratio"], 20.3);
    EXPECT_FALSE(json["h_xirr"].contains("kvm_hv"));
    EXPECT_THAT(hcall_table(rows), HasSubstr("3418    20.3\n"));
}

TEST(ToolBench, HasNoRatioToNothing) { EXPECT_FALSE((HcallRow{.name = "null", .kvm_hv = 10}.ratio())); }

} // namespace
} // namespace transom::tool

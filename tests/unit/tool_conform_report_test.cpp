// SPDX-License-Identifier: Apache-2.0
// What `transom conform` writes: the matrix, TAP and its last words.
#include "commands.hpp"
#include "conform_matrix.hpp"
#include "conform_tap.hpp"
#include "conform_verdict.hpp"
#include "failure.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Explanations known = parse_explanations(
    nlohmann::json::parse(R"([{"case":"clear.ref","right":"transom","why":"LoPAR #7 requires it"}])"), "table");

ConformResult one_machine() {
    ConformResult result{.machine = "powernv9"};
    result.transom =
        parse_tap("# machine pvr=0x4e\n1..4\nok 1 - enter.exact\n# got clear.ref status=-7\nok 2 - clear.ref\n"
                  "# got read.one r4=0\nok 3 - read.one\nok 4 - join.alone # SKIP not listed\n# end x\n");
    result.pseries = parse_tap("1..4\nok 1 - enter.exact\n# got clear.ref status=-2\n"
                               "not ok 2 - clear.ref # expected status=-7 got \"status\"=-2\n"
                               "# got read.one r4=1\nok 3 - read.one\nok 4 - join.alone # SKIP not listed\n# end x\n");
    result.differences = compare(*result.transom, *result.pseries, known);
    return result;
}

TEST(ToolConformMatrix, CountsCasesOfACallOnEachMachineAndImplementation) {
    auto other = one_machine();
    other.machine = "powernv10";
    other.pseries.reset();
    other.differences.clear();
    const auto matrix = make_matrix({one_machine(), other});
    ASSERT_EQ(matrix.columns.size(), 3u);
    EXPECT_EQ(matrix.columns[1].implementation, "pseries");
    EXPECT_EQ(matrix.columns[2].machine, "powernv10");
    std::vector<std::string> calls;
    for (const auto& line : matrix.lines)
        calls.push_back(line.call);
    EXPECT_THAT(calls, ElementsAre("enter", "clear", "read", "join", "all"));
    EXPECT_THAT(matrix.lines[1].cells,
                ElementsAre(CaseCounts{1, 0, 0, 1}, CaseCounts{0, 1, 0, 1}, CaseCounts{1, 0, 0, 0}));
    EXPECT_THAT(matrix.lines[4].cells,
                ElementsAre(CaseCounts{3, 0, 1, 2}, CaseCounts{2, 1, 1, 2}, CaseCounts{3, 0, 1, 0}));
}

TEST(ToolConformMatrix, IsReadable) {
    const auto text = describe(make_matrix({one_machine()}));
    EXPECT_EQ(text, "Cases passed/failed/differing from the other implementation; - where all are skipped:\n"
                    "       powernv9  powernv9\n"
                    "        Transom   pseries\n"
                    "enter     1/0/0     1/0/0\n"
                    "clear     1/0/1     0/1/1\n"
                    "read      1/0/1     1/0/1\n"
                    "join      -/-/0     -/-/0\n"
                    "all       3/0/2     2/1/2\n");
}

TEST(ToolConformMatrix, AMachineWithoutACaseHasAnEmptyCell) {
    ConformResult few{.machine = "powernv8"};
    few.transom = parse_tap("ok 1 - enter.exact\n");
    const auto matrix = make_matrix({few, one_machine()});
    ASSERT_EQ(matrix.lines[1].call, "clear");
    EXPECT_EQ(matrix.lines[1].cells[0], CaseCounts{});
    EXPECT_THAT(describe(matrix), HasSubstr("\nclear               1/0/1     0/1/1\n"));
}

TEST(ToolConformMatrix, IsInTheJsonToo) {
    const auto rows = to_json(make_matrix({one_machine()}));
    ASSERT_EQ(rows.size(), 10u);
    EXPECT_EQ(rows[3]["call"], "clear");
    EXPECT_EQ(rows[3]["implementation"], "pseries");
    EXPECT_EQ(rows[3]["failed"], 1);
    EXPECT_EQ(rows[3]["differing"], 1);
}

TEST(ToolConformTap, HasAPointForEachCaseMachineAndImplementation) {
    EXPECT_EQ(write_tap({one_machine()}, known, ""), R"(TAP version 14
1..8
# Transom on powernv9: pvr=0x4e
ok 1 - enter.exact on Transom on powernv9
ok 2 - clear.ref on Transom on powernv9
  ---
  message: "differs"
  observed: "status=-7"
  transom: "ok, status=-7"
  pseries: "not ok, status=-2"
  right: "transom"
  why: "LoPAR #7 requires it"
  ...
ok 3 - read.one on Transom on powernv9
  ---
  message: "differs"
  observed: "r4=0"
  transom: "ok, r4=0"
  pseries: "ok, r4=1"
  ...
ok 4 - join.alone on Transom on powernv9 # SKIP not listed
ok 5 - enter.exact on pseries like powernv9
not ok 6 - clear.ref on pseries like powernv9 # TODO right is transom: LoPAR \#7 requires it
  ---
  message: "expected status=-7 got \"status\"=-2"
  observed: "status=-2"
  transom: "ok, status=-7"
  pseries: "not ok, status=-2"
  right: "transom"
  why: "LoPAR #7 requires it"
  ...
not ok 7 - read.one on pseries like powernv9
  ---
  message: "differs from Transom, and nothing explains it"
  observed: "r4=1"
  transom: "ok, r4=0"
  pseries: "ok, r4=1"
  ...
ok 8 - join.alone on pseries like powernv9 # SKIP not listed
)");
}

TEST(ToolConformTap, AFailureOnTransomIsNeverExpected) {
    ConformResult result{.machine = "powernv9"};
    result.transom = parse_tap("not ok 1 - clear.ref # expected a=1 got a=2\n");
    EXPECT_THAT(
        write_tap({result}, known, ""),
        HasSubstr("\nnot ok 1 - clear.ref on Transom on powernv9\n  ---\n  message: \"expected a=1 got a=2\"\n"));
}

TEST(ToolConformTap, ARunThatStopsSaysSo) {
    const auto text = write_tap({one_machine()}, known, "the guest gave up:\n#300");
    EXPECT_THAT(text, testing::StartsWith("TAP version 14\n# Transom"));
    EXPECT_THAT(text, testing::EndsWith("\nBail out! the guest gave up: \\#300\n"));
}

TEST(ToolConformVerdict, SaysWhetherDifferencesAreExplained) {
    auto result = one_machine();
    EXPECT_EQ(describe_verdict({result}, known),
              "conform: 4 cases on powernv9: 0 failed, 2 differences from pseries, 1 of them unexplained\n");
    std::erase_if(result.differences, [](const Difference& one) { return one.explanation == nullptr; });
    EXPECT_EQ(describe_verdict({result}, known),
              "conform: 4 cases on powernv9: 0 failed, 1 difference from pseries, all explained\n");
    result.differences.clear();
    EXPECT_EQ(describe_verdict({result}, known),
              "conform: 4 cases on powernv9: 0 failed, 0 differences from pseries\n");
}

TEST(ToolConformVerdict, AddsWhatElseIsWrong) {
    auto result = one_machine();
    result.transom->cases[0].verdict = TapRun::Verdict::failed;
    result.coverage_gaps = 3;
    EXPECT_EQ(describe_verdict({result}, {}),
              "conform: 4 cases on powernv9: 1 failed, 2 differences from pseries, 1 of them unexplained, "
              "1 unexplained failure of pseries, 3 gaps in the coverage\n");
}

TEST(ToolConformVerdict, OfOneImplementationIsAboutThatOne) {
    auto transom = one_machine(), pseries = one_machine();
    transom.pseries.reset();
    pseries.transom.reset();
    transom.differences.clear();
    pseries.differences.clear();
    EXPECT_EQ(describe_verdict({transom}, known), "conform: 4 cases on powernv9: 0 failed\n");
    EXPECT_EQ(describe_verdict({pseries}, known),
              "conform: 4 cases on pseries like powernv9: 1 failed, all explained\n");
    EXPECT_EQ(describe_verdict({pseries}, {}),
              "conform: 4 cases on pseries like powernv9: 1 failed, 1 of them unexplained\n");
}

TEST(ToolConformVerdict, OfSeveralMachinesHasASum) {
    auto other = one_machine();
    other.machine = "powernv10";
    std::erase_if(other.differences, [](const Difference& one) { return one.explanation == nullptr; });
    EXPECT_EQ(describe_verdict({one_machine(), other}, known),
              "conform: 4 cases on powernv9: 0 failed, 2 differences from pseries, 1 of them unexplained\n"
              "conform: 4 cases on powernv10: 0 failed, 1 difference from pseries, all explained\n"
              "conform: 8 cases on 2 machines: 0 failed, 3 differences from pseries, 1 of them unexplained\n");
}

TEST(ToolConformMachines, AreAsGivenEachOnce) {
    ConformOptions options;
    EXPECT_THAT(machines_of(options), ElementsAre("powernv9"));
    options.machines = {"powernv10", "all", "powernv8"};
    EXPECT_THAT(machines_of(options), ElementsAre("powernv10", "powernv8", "powernv9"));
    options.machines = {"vax"};
    EXPECT_THROW(machines_of(options), Failure);
    options.machines = {"powernv9", "pseries"}; // that is the other side of each
    EXPECT_THROW(machines_of(options), Failure);
}

} // namespace
} // namespace transom::tool

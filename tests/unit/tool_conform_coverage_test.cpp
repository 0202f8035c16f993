// SPDX-License-Identifier: Apache-2.0
#include "conform_coverage.hpp"
#include "failure.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <transom/hcall/table.hpp>

namespace transom::tool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Exemptions no_arguments =
    parse_exemptions(nlohmann::json::parse(R"([{"call":"H_CEDE","kind":"boundary","why":"It takes no arguments."},
                              {"call":"H_CEDE","kind":"hostile","why":"It takes no arguments."}])"),
                     "table");

/// A run with a case for each call and kind but those that `left_out` names, and then `rest`.
TapRun run_of_all(const std::vector<std::string>& left_out, std::string_view rest = "") {
    std::string text;
    unsigned number = 0;
    for (const auto& row : hcall::rows())
        for (const auto kind : case_kinds) {
            const auto name = fmt::format("{}.{}", row.name, kind);
            const bool exempt = no_arguments.contains({std::string(row.name), std::string(kind)});
            if (!exempt && std::ranges::find(left_out, name) == left_out.end())
                text += fmt::format("# about {} {:#x}:{}:arp\nok {} - {}\n", name, static_cast<unsigned>(row.op), kind,
                                    ++number, name);
        }
    return parse_tap(text.append(rest));
}

TEST(ToolConformCoverage, IsWholeWhereEachCallHasEachKindThatApplies) {
    const auto coverage = check_coverage(run_of_all({}), no_arguments);
    EXPECT_THAT(coverage.complaints, IsEmpty());
    EXPECT_EQ(coverage.calls, hcall::rows().size());
    EXPECT_EQ(coverage.by_cases + coverage.exempt, coverage.kinds);
    EXPECT_EQ(coverage.exempt, 2u);
    EXPECT_EQ(coverage.skipped, 0u);
}

TEST(ToolConformCoverage, TellsACallWithoutACaseOfAKind) {
    const auto coverage = check_coverage(run_of_all({"H_READ.hostile", "H_RTAS.problem_state"}), no_arguments);
    EXPECT_THAT(coverage.complaints,
                ElementsAre("no case is marked 'hostile' for H_READ", "no case is marked 'problem_state' for H_RTAS"));
    EXPECT_THAT(describe(coverage), HasSubstr("\n  no case is marked 'hostile' for H_READ\n"));
    EXPECT_EQ(to_json(coverage)["complaints"].size(), 2u);
}

TEST(ToolConformCoverage, TellsAReasonThatHasACase) {
    const auto run = run_of_all({}, "# about cede.x 0xe0:hostile:a\nok 1 - cede.x\n");
    EXPECT_THAT(check_coverage(run, no_arguments).complaints,
                ElementsAre("H_CEDE has 'hostile' cases, and a reason for having none"));
}

TEST(ToolConformCoverage, DoesNotBelieveAMark) {
    for (const auto* mark :
         {"0xc:good:r", "0xc:boundary:a", "0xc:hostile:", "0xc:problem_state:ar", "0x3:good:a", "0xc:nice:a"}) {
        const auto run = run_of_all({}, fmt::format("# about read.x {}\nnot ok 1 - read.x # why\n", mark));
        EXPECT_THAT(check_coverage(run, no_arguments).complaints, ElementsAre(HasSubstr("read.x is marked"))) << mark;
    }
}

TEST(ToolConformCoverage, CountsWhatIsOnlySkipped) {
    const auto run = run_of_all({"H_READ.good"}, "# about read.x 0xc:good:\nok 1 - read.x # SKIP not here\n");
    const auto coverage = check_coverage(run, no_arguments);
    EXPECT_THAT(coverage.complaints, IsEmpty());
    EXPECT_EQ(coverage.skipped, 1u);
}

TEST(ToolConformCoverage, ACaseIsAboutItsFirstCall) {
    const TapRun run = parse_tap("# about x.a 0xc:good:a 0x8:good:a\nok 1 - x.a\nok 2 - y.b\n");
    EXPECT_EQ(subject_of(run.cases[0]), "H_READ");
    EXPECT_EQ(subject_of(run.cases[1]), "y");
}

TEST(ToolConformCoverage, RefusesReasonsThatAreMalformed) {
    for (const char* table :
         {"{}", "[1]", R"([{"call":"H_VAX","kind":"good","why":"x"}])",
          R"([{"call":"H_READ","kind":"nice","why":"x"}])", R"([{"call":"H_READ","kind":"good","why":""}])",
          R"([{"call":"H_READ","kind":"good","why":"x"},{"call":"H_READ","kind":"good","why":"y"}])"})
        EXPECT_THROW(parse_exemptions(nlohmann::json::parse(table), "table"), Failure) << table;
    EXPECT_FALSE(read_exemptions(TRANSOM_SOURCE_DIR "/tests/guests/conform/coverage.json").empty());
}

} // namespace
} // namespace transom::tool

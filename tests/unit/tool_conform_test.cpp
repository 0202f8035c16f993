// SPDX-License-Identifier: Apache-2.0
#include "conform_compare.hpp"
#include "failure.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using Verdict = TapRun::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view good = "TAP version 13\r\n"
                                  "# guest conform 1\r\n"
                                  "# machine pvr=0x004e1202 memory=268435456\r\n"
                                  "1..3\r\n"
                                  "# got enter.exact status=-6\r\n"
                                  "ok 1 - enter.exact\r\n"
                                  "[ignored] noise\r\n"
                                  "# got clear.ref status=-2\r\n"
                                  "not ok 2 - clear.ref # expected status=-7 got status=-2\r\n"
                                  "ok 3 - mode.foo # SKIP no such thing\r\n"
                                  "# end cases=3 passed=1 failed=1 skipped=1\r\n";

TEST(ToolTap, ReadsAWholeRun) {
    const TapRun run = parse_tap(good);
    EXPECT_EQ(run.problem(), "");
    ASSERT_EQ(run.cases.size(), 3u);
    EXPECT_EQ(run.machine, "pvr=0x004e1202 memory=268435456");
    EXPECT_EQ(run.cases[0].name, "enter.exact");
    EXPECT_EQ(run.cases[0].observed, "status=-6");
    EXPECT_EQ(run.cases[1].verdict, Verdict::failed);
    EXPECT_EQ(run.cases[1].detail, "expected status=-7 got status=-2");
    EXPECT_EQ(run.cases[2].verdict, Verdict::skipped);
    EXPECT_EQ(run.count(Verdict::passed), 1u);
}

TEST(ToolTap, DoesNotTrustARunThatIsNotWhole) {
    const auto problem = [](std::string_view text) { return parse_tap(text).problem(); };
    EXPECT_THAT(problem(""), HasSubstr("no plan"));
    EXPECT_THAT(problem("1..0\n# end cases=0\n"), HasSubstr("no case"));
    EXPECT_THAT(problem("1..2\nok 1 - a.b\n# end x\n"), HasSubstr("2 cases were planned and 1 reported"));
    EXPECT_THAT(problem("1..1\nok 1 - a.b\n"), HasSubstr("end"));
    EXPECT_THAT(problem("1..1\nok 2 - a.b\n# end x\n"), HasSubstr("numbered 2"));
    EXPECT_THAT(problem("1..2\nok 1 - a.b\nok 2 - a.b\n# end x\n"), HasSubstr("called 'a.b'"));
    EXPECT_THAT(problem("1..1\nBail out! unexpected interrupt 0x300\n"), HasSubstr("interrupt 0x300"));
}

TEST(ToolTap, ReadsWhichCallsACaseIsAbout) {
    const TapRun run =
        parse_tap("# about a.a 0x8:good:a 0xf000:problem_state:p 0xc:hostile: 8:good:a 0x8:good 0xg:good:a\n"
                  "ok 1 - a.a\n# about c.c 0x8:good:a\nok 2 - b.b\n");
    ASSERT_EQ(run.cases[0].marks.size(), 3u);
    EXPECT_EQ(run.cases[0].marks[0].token, 8u);
    EXPECT_EQ(run.cases[0].marks[0].kind, "good");
    EXPECT_TRUE(run.cases[0].marks[0].accepted);
    EXPECT_FALSE(run.cases[0].marks[0].refused);
    EXPECT_EQ(run.cases[0].marks[1].token, 0xf000u);
    EXPECT_TRUE(run.cases[0].marks[1].in_problem_state);
    EXPECT_FALSE(run.cases[0].marks[2].accepted);
    EXPECT_THAT(run.cases[1].marks, testing::IsEmpty());
}

const Explanations known = parse_explanations(
    nlohmann::json::parse(R"([{"case":"clear.ref","right":"transom","why":"LoPAR requires it"}])"), "table");

TEST(ToolConform, FindsDifferencesAndTheirExplanations) {
    const TapRun ours = parse_tap("1..4\n# got a.a status=0\nok 1 - a.a\n# got clear.ref status=-7\nok 2 - clear.ref\n"
                                  "# got b.b status=0\nok 3 - b.b\nok 4 - only.here\n# end x\n");
    const TapRun theirs =
        parse_tap("1..4\n# got a.a status=0\nok 1 - a.a\n# got clear.ref status=-2\nnot ok 2 - clear.ref # x\n"
                  "# got b.b status=1\nok 3 - b.b\nok 4 - only.there\n# end x\n");
    const auto differences = compare(ours, theirs, known);
    ASSERT_EQ(differences.size(), 4u);
    EXPECT_EQ(differences[0].name, "clear.ref");
    ASSERT_NE(differences[0].explanation, nullptr);
    EXPECT_EQ(differences[0].explanation->right, "transom");
    EXPECT_EQ(differences[0].transom, "ok, status=-7");
    EXPECT_EQ(differences[0].pseries, "not ok, status=-2");
    EXPECT_EQ(differences[1].name, "b.b");
    EXPECT_EQ(differences[1].explanation, nullptr);
    EXPECT_EQ(differences[2].pseries, "no such case");
    EXPECT_EQ(differences[3].transom, "no such case");
    EXPECT_THAT(compare(ours, ours, known), testing::IsEmpty());
}

TEST(ToolConform, AFailureOfTheReferenceNeedsAnExplanation) {
    const TapRun run = parse_tap("not ok 1 - clear.ref # x\nnot ok 2 - other.thing # x\n");
    EXPECT_THAT(unexplained_failures(run, known), ElementsAre("other.thing"));
}

TEST(ToolConform, RefusesATableThatIsMalformed) {
    for (const char* table : {"{}", "[1]", "[{}]", R"([{"case":"a","right":"qemu","why":"x"}])",
                              R"([{"case":"a","right":"both","why":""}])",
                              R"([{"case":"a","right":"both","why":"x"},{"case":"a","right":"both","why":"x"}])"})
        EXPECT_THROW(parse_explanations(nlohmann::json::parse(table), "table"), Failure) << table;
}

} // namespace
} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "fuzz_output.hpp"
#include "shrink.hpp"

#include <algorithm>
#include <array>
#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using testing::ElementsAre;

constexpr std::string_view two_runs = "# fuzz 1 pvr=0x4e1200 memory=268435456\n"
                                      "# at 99 0xffbb77b6d1a769b7\r\n"
                                      "# at 199 0x1\n"
                                      "noise\n"
                                      "# done 7 0xd882aab2f1da0eca\n"
                                      "# op 3 H_READ flags=0x0 -> 0\n"
                                      "# done 8 0x2\n"
                                      "# at 99 0x3\n"
                                      "# done 9 0x"; // the rest has not come yet

TEST(ToolFuzz, ReadsRuns) {
    const auto runs = parse_fuzz_runs(two_runs);
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(runs[0].seed, 7u);
    EXPECT_EQ(runs[0].digest, 0xd882aab2f1da0ecau);
    EXPECT_THAT(runs[0].checkpoints,
                ElementsAre(FuzzRun::Checkpoint{99, 0xffbb77b6d1a769b7}, FuzzRun::Checkpoint{199, 1}));
    EXPECT_EQ(runs[1].seed, 8u);
    EXPECT_THAT(runs[1].checkpoints, ElementsAre());
    EXPECT_THAT(runs[1].operations, ElementsAre("3 H_READ flags=0x0 -> 0"));
}

TEST(ToolFuzz, LeavesOutWhatIsMalformed) {
    EXPECT_TRUE(parse_fuzz_runs("").empty());
    EXPECT_TRUE(parse_fuzz_runs("# done x 0x1\n# done 1 1\n# done 1 0x\n# done 1 0x1z\n").empty());
    EXPECT_TRUE(parse_fuzz_runs("# at 1\n# at 99999999999999999999 0x1\n# done 1 0x1\n")[0].checkpoints.empty());
}

TEST(ToolFuzz, SeesThatTheGuestGaveUp) {
    EXPECT_EQ(fuzz_bail_out("# at 1 0x1\nBail out! unexpected interrupt 0x300\r\nmore"), "unexpected interrupt 0x300");
    EXPECT_EQ(fuzz_bail_out(two_runs), std::nullopt);
}

TEST(ToolFuzz, FindsWhereRunsDiffer) {
    const FuzzRun a{.seed = 1, .digest = 5, .checkpoints = {{9, 1}, {19, 2}, {29, 3}}, .operations = {}};
    EXPECT_EQ(find_difference(a, a, 30), std::nullopt);
    FuzzRun b = a;
    b.digest = 6;
    EXPECT_EQ(find_difference(a, b, 30), (OperationInterval{30, 30})) << "only what is left in the table";
    b.checkpoints[1].digest = 4;
    EXPECT_EQ(find_difference(a, b, 30), (OperationInterval{10, 20}));
    b.checkpoints[0].digest = 4;
    EXPECT_EQ(find_difference(a, b, 30), (OperationInterval{0, 10}));
    b = a;
    b.checkpoints.pop_back();
    EXPECT_EQ(find_difference(a, b, 30), (OperationInterval{20, 30})) << "one of them stopped earlier";
    b.checkpoints.clear();
    EXPECT_EQ(find_difference(a, b, 30), (OperationInterval{0, 30}));
}

TEST(ToolShrink, FindsTheFirstOperationThatMakesADifference) {
    for (const std::uint64_t first : {1u, 2u, 499u, 500u, 999u, 1000u}) {
        unsigned asked = 0;
        EXPECT_EQ(first_failing(0, 1000, [&](std::uint64_t n) { return ++asked, n >= first; }), first);
        EXPECT_LE(asked, 10u);
    }
    EXPECT_EQ(first_failing(30, 30, [](std::uint64_t) { return false; }), 30u);
}

/// A machine that goes wrong once it has seen these operations, in this order.
std::function<bool(const Operations&)> needs(Operations wanted, unsigned& asked) {
    return [wanted, &asked](const Operations& operations) {
        ++asked;
        return std::ranges::includes(operations, wanted);
    };
}

TEST(ToolShrink, KeepsWhatIsNeeded) {
    for (const Operations& wanted : {Operations{0}, Operations{99'999}, Operations{3, 99'999}, Operations{0, 1, 2},
                                     Operations{17, 40'000, 40'001, 99'998, 99'999}}) {
        unsigned asked = 0;
        EXPECT_EQ(shrink(100'000, needs(wanted, asked)), wanted);
        EXPECT_LT(asked, 400u);
    }
}

TEST(ToolShrink, AModelOfATableWithADefect) {
    // Operation i sets slot i / 2 % 4 where i is even and clears it where it is odd. After the bad one the clearing of a slot
    // that is set is answered wrongly.
    constexpr std::uint64_t bad = 4000, count = 6000;
    const auto fails = [](const Operations& operations) {
        std::array<bool, 4> set{};
        bool armed = false;
        for (const auto i : operations) {
            const auto slot = i / 2 % 4;
            if (i % 2 == 1 && set[slot] && armed)
                return true;
            set[slot] = i % 2 == 0;
            armed = armed || i == bad;
        }
        return false;
    };
    const auto kept = shrink(count, fails);
    EXPECT_THAT(kept, ElementsAre(bad, testing::_)) << "the bad one sets the slot that the other clears";
    EXPECT_EQ(kept[1] % 8, 1u);
}

TEST(ToolShrink, ADefectOfEverythingShrinksToOne) {
    EXPECT_EQ(shrink(1000, [](const Operations&) { return true; }).size(), 1u);
    EXPECT_EQ(shrink(1, [](const Operations&) { return true; }), Operations{0});
}

TEST(ToolShrink, ResultIsMinimalWhereFailuresAreErratic) {
    const auto fails = [](const Operations& operations) {
        std::uint64_t sum = 0;
        for (const auto i : operations)
            sum += i;
        return sum % 7 == 3;
    };
    const auto kept = shrink(500, [&](const Operations& o) { return o.size() == 500 || fails(o); });
    for (std::size_t i = 0; kept.size() > 1 && i < kept.size(); ++i) {
        auto fewer = kept;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(fails(fewer));
    }
}

TEST(ToolShrink, PutsNeighboursTogether) {
    EXPECT_THAT(to_intervals({0, 1, 2, 5, 7, 8}),
                ElementsAre(OperationInterval{0, 3}, OperationInterval{5, 6}, OperationInterval{7, 9}));
    EXPECT_TRUE(to_intervals({}).empty());
}

} // namespace
} // namespace transom::tool

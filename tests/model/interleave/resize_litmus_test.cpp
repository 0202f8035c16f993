// SPDX-License-Identifier: Apache-2.0
// A page table and the one of another size beside it: calls against the copy, against one another where two slots of the one have one place in
// the other, and against the fold. L8. And against the commit.
#include "resize_litmus.hpp"
#include <gtest/gtest.h>

namespace transom::interleave {
namespace {

void expect_holds(const Explored& explored) {
    EXPECT_EQ(explored.failure, "");
    EXPECT_TRUE(explored.complete) << "not all interleavings";
    EXPECT_GT(explored.runs, 1u);
    std::printf("%llu runs, %llu steps\n", static_cast<unsigned long long>(explored.runs),
                static_cast<unsigned long long>(explored.steps));
}
Explored shrinks(const BuildResize& build) { return explore_resize(false, ResizeFault::none, build); }
Explored grows(const BuildResize& build) { return explore_resize(true, ResizeFault::none, build); }

TEST(ResizeLitmus, TheCopyAgainstAnEnter) { expect_holds(shrinks(copy_and_enter)); }
TEST(ResizeLitmus, TheCopyAgainstARemoval) { expect_holds(shrinks(copy_and_remove)); }
TEST(ResizeLitmus, TheCopyAgainstAProtectionAndAnEnter) { expect_holds(shrinks(copy_and_all_calls)); }
TEST(ResizeLitmus, TwoSlotsOfOnePlace) { expect_holds(shrinks(two_slots_of_one_place)); }
TEST(ResizeLitmus, TwoEntersOfOnePlace) { expect_holds(shrinks(two_enters_of_one_place)); }
TEST(ResizeLitmus, TwoSlotsOfOnePlaceAndTheCopy) { expect_holds(shrinks(two_slots_of_one_place_and_copy)); }
TEST(ResizeLitmus, L8_TheFoldAgainstAClear) { expect_holds(grows(fold_and_clear)); }
TEST(ResizeLitmus, L8_TheFoldAgainstARemovalAndAnEnter) { expect_holds(grows(fold_and_remove_and_enter)); }
TEST(ResizeLitmus, L8_TheFoldAgainstReads) { expect_holds(grows(fold_and_reads)); }
TEST(ResizeLitmus, L8_TheFoldAgainstAStore) { expect_holds(grows(fold_and_use)); }
TEST(ResizeLitmus, R29_TheCommitAgainstAProtectionAndAProcessorThatGoesOver) {
    expect_holds(explore_commit(true, Mutation::none, commit_and_protect));
}
TEST(ResizeLitmus, R29_TheCommitAgainstAnEnterThatFindsNoRoom) {
    expect_holds(explore_commit(false, Mutation::none, commit_and_enter));
}

/// What each planted fault has to be found by, and as what.
struct Planted {
    ResizeFault fault;
    bool grows;
    BuildResize scene;
    const char* name;
    const char* says;
};
class PlantedInResize : public testing::TestWithParam<Planted> {};

TEST_P(PlantedInResize, IsFound) {
    const Planted& planted = GetParam();
    const Explored explored = explore_resize(planted.grows, planted.fault, planted.scene);
    EXPECT_NE(explored.failure, "") << "after " << explored.runs << " runs";
    EXPECT_NE(explored.failure.find(planted.says), std::string::npos) << explored.failure;
    std::printf("%llu runs: %s\n", static_cast<unsigned long long>(explored.runs), explored.failure.c_str());
}

using F = ResizeFault;
constexpr const char* differs = "in the new table as it is not in the old one";

INSTANTIATE_TEST_SUITE_P(
    Interleave, PlantedInResize,
    testing::Values(Planted{F::call_leaves_the_new_table, false, copy_and_remove, "CallLeavesTheNewTable", differs},
                    Planted{F::copies_without_lock, false, copy_and_all_calls, "CopiesWithoutLock", differs},
                    Planted{F::place_has_no_lock, false, two_enters_of_one_place, "PlaceHasNoLock", "nobody says so"},
                    Planted{F::call_does_not_fold, true, fold_and_remove_and_enter, "CallDoesNotFold", "I3"},
                    Planted{F::call_does_not_fold, true, fold_and_clear, "ClearDoesNotFold", "I3"},
                    Planted{F::folds_without_lock, true, fold_and_clear, "FoldsWithoutLock", "set again"},
                    Planted{F::fold_leaves_the_old_entry, true, fold_and_clear, "FoldLeavesTheOldEntry", "set again"},
                    Planted{F::plain_merge, true, fold_and_use, "PlainMerge", "I3"}),
    [](const auto& planted) { return planted.param.name; });

TEST(ResizeLitmus, ACommitThatWaitsForNoCallIsFound) {
    const Explored stale = explore_commit(true, Mutation::no_grace, commit_and_protect);
    EXPECT_NE(stale.failure.find("I2"), std::string::npos) << stale.failure << stale.runs;
    const Explored lost = explore_commit(false, Mutation::no_grace, commit_and_enter);
    EXPECT_NE(lost.failure.find("a bolted entry is lost"), std::string::npos) << lost.failure << lost.runs;
}

} // namespace
} // namespace transom::interleave

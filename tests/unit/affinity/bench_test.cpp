// SPDX-License-Identifier: Apache-2.0
#include "affinity_bench.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

TEST(ToolBenchAffinity, ComparesEachSystemWithTheOptimum) {
    std::vector<double> shares;
    const AffinityQuality quality = measure_affinity_quality(4, 3, [&](double share) { shares.push_back(share); });
    EXPECT_THAT(shares, testing::ElementsAre(0.25, 0.5, 0.75, 1));
    EXPECT_EQ(quality.systems, 4u);
    EXPECT_EQ(quality.within + quality.beyond + quality.undecided, 4u);
    EXPECT_EQ(quality.undecided_seeds.size(), quality.undecided);
    EXPECT_EQ(quality.worsened_protected, 0u);
    EXPECT_EQ(quality.illegal, 0u);
    EXPECT_GT(quality.plan, quality.greedy);
    EXPECT_GT(quality.greedy, quality.before);
    EXPECT_GT(quality.copies, 0);
}

TEST(ToolBenchAffinity, SaysWhatIsNotAsItHasToBe) {
    AffinityQuality quality{.systems = 100, .within = 99, .beyond = 1};
    EXPECT_THAT(quality.complaints(), testing::IsEmpty());
    quality.beyond = 2;
    EXPECT_THAT(quality.complaints(), testing::ElementsAre("of 101 plans only 99 are within 1 % of the optimum"));
    quality = {.systems = 1, .within = 1, .worsened_protected = 1, .illegal = 2};
    EXPECT_THAT(quality.complaints(), testing::ElementsAre("1 protected partitions have less than before",
                                                           "after 2 steps somebody was where he may not be"));
    EXPECT_THAT(AffinityQuality{.undecided = 5}.complaints(), testing::SizeIs(1)); // nothing was compared
}

TEST(ToolBenchAffinity, TimesASize) {
    const AffinityTimes times = measure_affinity_times(4, 8, 3, 1);
    EXPECT_GT(times.score_us, 0);
    EXPECT_GT(times.plan_ms, 0);
    EXPECT_GE(times.longest_plan_ms, times.plan_ms);
    EXPECT_GT(times.after, times.before);
}

} // namespace
} // namespace transom::tool

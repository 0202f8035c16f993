// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <transom/dual/drain_pace.hpp>

namespace transom::dual {
namespace {

constexpr std::uint64_t second = 512'000'000, portion = second / 20'000, began = 7 * second;

/// Ticks of the processor that portions take from one time after the beginning to another, looked at each 100 us.
std::uint64_t taken(DrainPace& pace, std::uint64_t from, std::uint64_t to) {
    std::uint64_t sum = 0;
    for (std::uint64_t now = began + from; now < began + to;) {
        if (!pace.due(now)) {
            now += second / 10'000;
            continue;
        }
        pace.took(now, now + portion, began);
        now += portion;
        sum += portion;
    }
    return sum;
}

TEST(DrainPace, R22_TheSweepKeepsToItsShare) {
    DrainPace pace(second);
    const std::uint64_t first = taken(pace, 0, second);
    EXPECT_LE(first, second * 2 / 100);
    EXPECT_GE(first, second * 15 / 1000) << "a look may come late";
}

// A table that takes seconds of a processor's time is empty within ten, whatever the partition does.
TEST(DrainPace, R21_InTimeItTakesWhatItNeeds) {
    DrainPace pace(second);
    std::uint64_t before = 0;
    for (std::uint64_t s = 0; s < 6; ++s) {
        const std::uint64_t now = taken(pace, s * second, (s + 1) * second);
        EXPECT_GT(now, before) << s;
        before = now;
    }
    EXPECT_GE(taken(pace, 6 * second, 10 * second), 4 * second - portion);
}

TEST(DrainPace, TheNextDrainBeginsSlowly) {
    DrainPace pace(second);
    taken(pace, 0, 8 * second);
    EXPECT_EQ(pace.share(0), 2u);
    EXPECT_EQ(pace.share(8 * second), 100u);
}

} // namespace
} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <transom/dual/drain_pace.hpp>

namespace transom::dual {
namespace {

constexpr std::uint64_t second = 512'000'000, portion = second / 20'000, began = 7 * second;

/// Ticks of the processor that portions take from one time after the beginning to another, where between two looks a virtual processor has
/// its turn of a millisecond.
std::uint64_t taken(DrainPace& pace, std::uint64_t from, std::uint64_t to) {
    std::uint64_t sum = 0;
    for (std::uint64_t now = began + from; now < began + to; now += second / 1000) {
        if (!pace.due(now))
            continue;
        const std::uint64_t start = now;
        do
            now += portion;
        while (now - start < pace.at_once(start - began));
        pace.took(start, now, began);
        sum += now - start;
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
    EXPECT_GE(taken(pace, 6 * second, 10 * second), 4 * second * 85 / 100);
}

TEST(DrainPace, TheNextDrainBeginsSlowly) {
    DrainPace pace(second);
    taken(pace, 0, 8 * second);
    const std::uint64_t next = began + 9 * second;
    pace.took(next, next + portion, next);
    EXPECT_EQ(pace.until(next + portion), 49 * portion);
}

} // namespace
} // namespace transom::dual

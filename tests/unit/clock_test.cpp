// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <transom/partition/clock.hpp>

namespace transom::partition {
namespace {

constexpr std::uint64_t day = 86400;

TEST(Clock, KnowsDates) {
    EXPECT_EQ(to_date_time({0, 0}), (DateTime{1970, 1, 1, 0, 0, 0, 0}));
    EXPECT_EQ(to_date_time({951'782'399, 5}), (DateTime{2000, 2, 28, 23, 59, 59, 5}));
    EXPECT_EQ(to_date_time({951'782'400, 0}), (DateTime{2000, 2, 29, 0, 0, 0, 0}));
    EXPECT_EQ(to_date_time({1'709'251'200, 0}), (DateTime{2024, 3, 1, 0, 0, 0, 0}));
    EXPECT_EQ(to_date_time({4'107'542'400, 0}), (DateTime{2100, 3, 1, 0, 0, 0, 0}));
}

TEST(Clock, EndsWithTheYear9999) {
    const DateTime last{9999, 12, 31, 23, 59, 59, 0};
    EXPECT_EQ(to_moment(last), (Moment{last_second, 0}));
    EXPECT_EQ(to_date_time({last_second, 0}), last);
    EXPECT_EQ(to_date_time({last_second + 1, 0}), last);
    EXPECT_EQ(to_date_time({std::uint64_t{1} << 63, 0}), last);
    EXPECT_EQ(to_date_time({~std::uint64_t{0}, 0}), last);
}

TEST(Clock, EveryDayUpTo2500FollowsTheOneBefore) {
    DateTime last = to_date_time({0, 0});
    for (std::uint64_t d = 1; d < 193'600; ++d) {
        const DateTime now = to_date_time({d * day, 0});
        ASSERT_EQ(to_moment(now), (Moment{d * day, 0}));
        const bool next_day = now.year == last.year && now.month == last.month && now.day == last.day + 1;
        const bool next_month = now.day == 1 && last.day >= 28 && now.year == last.year && now.month == last.month + 1;
        const bool next_year = now.day == 1 && now.month == 1 && last.month == 12 && now.year == last.year + 1;
        ASSERT_TRUE(next_day || next_month || next_year) << now.year << '-' << now.month << '-' << now.day;
        last = now;
    }
}

TEST(Clock, RefusesWhatIsNoDate) {
    const DateTime good{2024, 2, 29, 23, 59, 59, 999'999'999};
    EXPECT_TRUE(to_moment(good));
    EXPECT_FALSE(to_moment({2023, 2, 29, 0, 0, 0, 0}));
    EXPECT_FALSE(to_moment({2100, 2, 29, 0, 0, 0, 0}));
    EXPECT_FALSE(to_moment({1969, 12, 31, 0, 0, 0, 0}));
    EXPECT_FALSE(to_moment({10000, 1, 1, 0, 0, 0, 0}));
    EXPECT_FALSE(to_moment({2024, 0, 1, 0, 0, 0, 0}));
    EXPECT_FALSE(to_moment({2024, 13, 1, 0, 0, 0, 0}));
    EXPECT_FALSE(to_moment({2024, 4, 31, 0, 0, 0, 0}));
    EXPECT_FALSE(to_moment({2024, 4, 0, 0, 0, 0, 0}));
    EXPECT_FALSE(to_moment({2024, 4, 1, 24, 0, 0, 0}));
    EXPECT_FALSE(to_moment({2024, 4, 1, 0, 60, 0, 0}));
    EXPECT_FALSE(to_moment({2024, 4, 1, 0, 0, 60, 0}));
    EXPECT_FALSE(to_moment({2024, 4, 1, 0, 0, 0, 1'000'000'000}));
}

TEST(Clock, RunsWithThePartitionsTimeBase) {
    Clock clock;
    clock.set({1000, 999'999'999}, 512);
    EXPECT_EQ(clock.now(512), (Moment{1000, 999'999'999}));
    EXPECT_EQ(clock.now(512 + 512'000'000), (Moment{1001, 999'999'999}));
    EXPECT_EQ(clock.now(512 + 256'000'000), (Moment{1001, 499'999'999}));
    EXPECT_EQ(clock.now(512 + 512'000'000ull * 31'536'000), (Moment{1000 + 31'536'000, 999'999'999}));
}

} // namespace
} // namespace transom::partition

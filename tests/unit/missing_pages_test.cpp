// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <set>
#include <string>
#include <transom/migrate/missing_pages.hpp>

namespace transom::migrate {
namespace {

const Failure gone = failure(MoveError::connection_lost, "gone");

std::string said(const std::set<std::uint64_t>& missing, std::uint64_t left, const Failure& why = gone) {
    const auto named = name_missing(100, left, [&](std::uint64_t page) { return missing.contains(page); });
    return std::string(with_missing(why, named).text());
}

TEST(MissingPages, R58_TheFirstFewRangesAreNamedAndTheRestIsCounted) {
    EXPECT_EQ(said({3, 4, 5, 17}, 4), "pages 3-5,17 are missing: gone");
    EXPECT_EQ(said({0, 2, 4, 6, 8, 9, 10}, 7), "pages 0,2,4,6 and 3 more are missing: gone");
    EXPECT_EQ(said({98, 99}, 2), "pages 98-99 are missing: gone") << "up to the last page";
    EXPECT_EQ(said({}, 0), "gone");
    EXPECT_EQ(with_missing(gone, {}).error, MoveError::connection_lost);
}

TEST(MissingPages, NothingIsCountedTwiceWhereItChangesMeanwhile) {
    EXPECT_EQ(said({3, 4, 5}, 2), "pages 3-5 are missing: gone") << "one has come since they were counted";
}

TEST(MissingPages, ItLooksNoFurtherThanItHasTo) {
    std::uint64_t furthest = 0;
    static_cast<void>(name_missing(1'000'000, 500'000, [&](std::uint64_t page) {
        furthest = page;
        return page % 2 == 0;
    }));
    EXPECT_EQ(furthest, 7u);
}

TEST(MissingPages, WhatDoesNotFitIsLeftAway) {
    const Failure wordy = failure(MoveError::time_limit, "{}", std::string(200, 'x'));
    const std::string text = said({10, 11, 20, 21, 30, 31, 40, 41, 50}, 9, wordy);
    EXPECT_EQ(text.size(), wordy.text().size());
    EXPECT_THAT(text, testing::StartsWith("pages 10-11,20-21,30-31,40-41 and 1 more are missing: xxx"));
    constexpr std::uint64_t most = ~std::uint64_t{0};
    MissingPages longest;
    while (longest.ranges.push_back({most - 1, most})) {}
    EXPECT_EQ(with_missing(gone, longest).text().size(), wordy.text().size());
}

} // namespace
} // namespace transom::migrate

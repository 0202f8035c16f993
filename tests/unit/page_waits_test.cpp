// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <transom/migrate/page_waits.hpp>
#include <vector>

namespace transom::migrate {
namespace {

TEST(PageWaits, R52_TheLongestAndWhatMostTake) {
    PageWaits waits;
    EXPECT_EQ(waits.percentile(99), 0u);
    std::mt19937_64 random(3);
    std::vector<Ticks> took;
    for (std::uint64_t page = 0; page < 1000; ++page) {
        const Ticks each = (random() >> (random() % 60 + 4)) + 1;
        waits.ask({page}, 500);
        waits.come({page}, 500 + each);
        took.push_back(each);
    }
    std::ranges::sort(took);
    EXPECT_EQ(waits.count(), 1000u);
    EXPECT_EQ(waits.longest(), took.back());
    EXPECT_EQ(waits.percentile(100), took.back());
    for (const unsigned part : {1u, 50u, 90u, 99u}) {
        const Ticks exact = took[part * 10 - 1];
        EXPECT_GE(waits.percentile(part), exact) << part;
        EXPECT_LE(waits.percentile(part), exact + exact / 4) << part;
    }
}

TEST(PageWaits, SeveralAtOnceInAnyOrder) {
    PageWaits waits;
    for (std::uint64_t page = 0; page < 8; ++page)
        waits.ask({page}, page);
    waits.ask({100}, 0); // more than can be: not noted
    waits.come({100}, 1000);
    waits.come({50}, 1000); // nobody asked
    for (const std::uint64_t page : {7u, 0u, 3u, 1u, 2u, 6u, 5u, 4u})
        waits.come({page}, 20);
    waits.come({4}, 5000); // once more
    EXPECT_EQ(waits.count(), 8u);
    EXPECT_EQ(waits.longest(), 20u);
}

} // namespace
} // namespace transom::migrate

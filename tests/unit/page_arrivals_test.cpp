// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <random>
#include <transom/migrate/page_arrivals.hpp>
#include <vector>

namespace transom::migrate {
namespace {

class PageArrivalsTest : public testing::Test {
  protected:
    static constexpr std::uint64_t pages = 128;

    void store(std::uint64_t page, CopyOrder order) {
        ASSERT_EQ(arrivals_.land({page}, order), Landing::store);
        arrivals_.landed({page});
    }
    ArrivalStatus status(std::uint64_t page) { return arrivals_.status({page}); }
    bool here(std::uint64_t page) { return arrivals_.here({page * kib(64)}, kib(64)); }

    std::vector<std::uint64_t> room_ =
        std::vector<std::uint64_t>(PageArrivals::room_for(pages * kib(64), kib(64)) / sizeof(std::uint64_t));
    PageArrivals arrivals_{pages * kib(64), kib(64), room_};
};
using PageArrivalsDeathTest = PageArrivalsTest;

TEST_F(PageArrivalsTest, IsHereWhenItHasLanded) {
    EXPECT_EQ(arrivals_.land({1}, 5), Landing::store);
    EXPECT_EQ(status(1), ArrivalStatus::arriving);
    EXPECT_FALSE(here(1));
    EXPECT_FALSE(arrivals_.landed({1}));
    EXPECT_TRUE(here(1));
    EXPECT_FALSE(arrivals_.here({0}, kib(128)));
    EXPECT_EQ(arrivals_.pages_left(), pages - 1);
    EXPECT_EQ(arrivals_.present()[0], 2u);
}

// R55: the same record again, or in another order, changes nothing.
TEST_F(PageArrivalsTest, R55_OlderCopiesNeverReplaceNewerOnes) {
    store(1, 7);
    EXPECT_EQ(arrivals_.land({1}, 7), Landing::drop);
    EXPECT_EQ(arrivals_.land({1}, 6), Landing::drop);
    store(1, 8);
    EXPECT_EQ(arrivals_.pages_left(), pages - 1);
    EXPECT_EQ(arrivals_.land({2}, ~CopyOrder{0}), Landing::drop);
}

TEST_F(PageArrivalsTest, OneCopyIsStoredAtATime) {
    ASSERT_EQ(arrivals_.land({1}, 7), Landing::store);
    EXPECT_EQ(arrivals_.land({1}, 8), Landing::wait);
    EXPECT_EQ(arrivals_.land({1}, 6), Landing::drop);
    arrivals_.landed({1});
    EXPECT_EQ(arrivals_.land({1}, 8), Landing::store);
}

// R53: the second one who needs a page waits for the first one's request.
TEST_F(PageArrivalsTest, R53_WaitersCoalesce) {
    EXPECT_EQ(arrivals_.need({3}), Need::ask);
    EXPECT_EQ(arrivals_.need({3}), Need::wait);
    ASSERT_EQ(arrivals_.land({3}, 1), Landing::store);
    EXPECT_EQ(arrivals_.need({3}), Need::wait);
    EXPECT_TRUE(arrivals_.landed({3})) << "wake them";
    EXPECT_EQ(arrivals_.need({3}), Need::here);
    store(4, 1);
    EXPECT_EQ(arrivals_.need({4}), Need::here);
}

TEST_F(PageArrivalsTest, ALostRequestIsAskedForAgain) {
    EXPECT_EQ(arrivals_.need({3}), Need::ask);
    arrivals_.forget_request({3});
    EXPECT_EQ(arrivals_.need({3}), Need::ask);
    ASSERT_EQ(arrivals_.land({3}, 1), Landing::store);
    EXPECT_TRUE(arrivals_.landed({3}));
    arrivals_.forget_request({3});
    EXPECT_EQ(status(3), ArrivalStatus::present);
}

// 3.4: a copy that the bitmap says is old is not here; copies made before the cut come too late for such a page, and for no other.
TEST_F(PageArrivalsTest, R51_TheBitmapInvalidatesWhatIsOld) {
    store(1, 7);
    store(2, 11);
    for (const std::uint64_t page : {1, 2, 3})
        arrivals_.invalidate({page}, 10);
    arrivals_.resume();
    EXPECT_EQ(status(1), ArrivalStatus::invalidated);
    EXPECT_EQ(status(2), ArrivalStatus::present) << "made after the cut";
    EXPECT_EQ(status(3), ArrivalStatus::missing);
    EXPECT_FALSE(here(1));
    EXPECT_EQ(arrivals_.land({1}, 9), Landing::drop);
    EXPECT_EQ(arrivals_.land({3}, 10), Landing::drop);
    EXPECT_EQ(arrivals_.land({4}, 9), Landing::store);
    EXPECT_EQ(arrivals_.need({1}), Need::ask);
    store(1, 12);
    EXPECT_TRUE(here(1));
}

// J1: what the partition may have stored to is its own.
TEST_F(PageArrivalsTest, J1_NothingIsStoredOverAPageInUse) {
    store(1, 7);
    arrivals_.resume();
    EXPECT_EQ(arrivals_.land({1}, 8), Landing::drop);
    ASSERT_EQ(arrivals_.land({2}, 8), Landing::store);
    arrivals_.landed({2});
    EXPECT_EQ(arrivals_.need({2}), Need::here);
    EXPECT_EQ(arrivals_.land({2}, 9), Landing::drop);
}

// What has changed in a copy is of use where that copy is here, whole.
TEST_F(PageArrivalsTest, WhatHasChangedNeedsItsBase) {
    EXPECT_EQ(arrivals_.land({1}, 5, 4), Landing::no_base);
    EXPECT_EQ(status(1), ArrivalStatus::missing);
    store(1, 5);
    EXPECT_EQ(arrivals_.land({1}, 7, 4), Landing::no_base);
    EXPECT_EQ(arrivals_.land({1}, 7, 6), Landing::no_base);
    EXPECT_TRUE(here(1));
    EXPECT_EQ(arrivals_.land({1}, 5, 9), Landing::drop) << "it is not needed";
    EXPECT_EQ(arrivals_.land({1}, 7, 5), Landing::store);
    arrivals_.damaged({1});
    EXPECT_EQ(arrivals_.land({1}, 8, 6), Landing::no_base) << "that one is not here any more";
    store(1, 9);
    EXPECT_EQ(arrivals_.land({1}, 10, 9), Landing::store);
    arrivals_.landed({1});
}

TEST_F(PageArrivalsTest, WhatIsOldIsABaseAsWell) {
    store(1, 5);
    arrivals_.invalidate({1}, 10);
    arrivals_.invalidate({2}, 10);
    EXPECT_EQ(arrivals_.land({1}, 8, 5), Landing::drop) << "made before the cut";
    EXPECT_EQ(arrivals_.land({2}, 8), Landing::drop);
    EXPECT_EQ(arrivals_.land({2}, 11, 10), Landing::no_base);
    arrivals_.resume();
    EXPECT_EQ(arrivals_.need({1}), Need::ask);
    EXPECT_EQ(arrivals_.land({1}, 11, 4), Landing::no_base);
    EXPECT_EQ(arrivals_.land({1}, 11, 5), Landing::store);
    EXPECT_TRUE(arrivals_.landed({1}));
    EXPECT_EQ(arrivals_.land({1}, 12, 11), Landing::drop) << "the partition has it";
}

// R56: as often as it takes, and the same copy may be the one that is right.
TEST_F(PageArrivalsTest, R56_DamagedCopiesAreFetchedAgain) {
    EXPECT_EQ(arrivals_.need({3}), Need::ask);
    for (int attempt = 0; attempt < 9; ++attempt) {
        ASSERT_EQ(arrivals_.land({3}, 5), Landing::store);
        arrivals_.damaged({3});
        EXPECT_EQ(arrivals_.need({3}), Need::ask);
        EXPECT_EQ(arrivals_.need({3}), Need::wait);
    }
    ASSERT_EQ(arrivals_.land({3}, 5), Landing::store);
    EXPECT_TRUE(arrivals_.landed({3})) << "somebody waits";
    EXPECT_EQ(arrivals_.need({3}), Need::here);
}

// R55, J2: copies of every page in any order, some twice: each ends with its newest, and all are here.
TEST_F(PageArrivalsTest, R55_AnyOrderEndsTheSame) {
    std::mt19937 random(5);
    std::vector<CopyOrder> held(pages), newest(pages);
    for (int record = 0; record < 20000; ++record) {
        const std::uint64_t page = random() % pages;
        const CopyOrder order = 1 + random() % 1000;
        newest[page] = std::max(newest[page], order);
        if (arrivals_.land({page}, order) == Landing::store) {
            EXPECT_GT(order, held[page]);
            held[page] = order;
            arrivals_.landed({page});
        }
    }
    EXPECT_EQ(held, newest);
    EXPECT_EQ(arrivals_.pages_left(), 0u);
    EXPECT_TRUE(arrivals_.here({0}, pages * kib(64)));
}

TEST_F(PageArrivalsDeathTest, WhatLandsWasArriving) { EXPECT_DEATH(arrivals_.landed({1}), "not arriving"); }

} // namespace
} // namespace transom::migrate

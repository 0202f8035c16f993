// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <set>
#include <transom/migrate/source_pages.hpp>
#include <vector>

namespace transom::migrate {
namespace {

using Step = Choice::Step;
using Act = Decision::Act;

constexpr Ticks second = 512'000'000;

/// A session in small: what it does with each step, a page in a tenth of a millisecond.
class SourcePagesTest : public testing::Test {
  protected:
    static constexpr Bytes granule = kib(64);
    static constexpr Bytes memory = mib(64);
    static constexpr std::uint64_t pages = memory / granule;

    LogicalAddr at(std::uint64_t page) { return {page * granule}; }
    /// Until the pass is over; `meanwhile` happens while each page is read.
    template <class F> std::vector<std::uint64_t> send_all(F meanwhile) {
        std::vector<std::uint64_t> sent;
        while (true) {
            const SourcePages::Next next = source_.next(now_);
            if (next.step == Step::over)
                return sent;
            if (next.step == Step::watch)
                take_stores_away();
            if (next.step != Step::send)
                continue;
            EXPECT_GT(next.order, order_);
            order_ = next.order;
            now_ += second / 10'000;
            meanwhile(next.page.value);
            source_.sent(next.page, true);
            sent.push_back(next.page.value);
        }
    }
    std::vector<std::uint64_t> send_all() {
        return send_all([](std::uint64_t) {});
    }
    void store(std::uint64_t page) {
        if (writable_.insert(page).second)
            source_.table().raise(at(page), granule);
    }
    void take_stores_away() {
        ++watched_;
        now_ += second; // that takes time, which is no time of the pass
        for (const std::uint64_t page : writable_)
            source_.table().lower(at(page), granule);
        writable_.clear();
    }

    std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(SourcePages::room_for(memory, granule) / 8);
    SourcePages source_{memory, granule, std::as_writable_bytes(std::span(words_)), {.frequency = second}};
    Ticks now_ = 5 * second;
    CopyOrder order_ = 0;
    std::set<std::uint64_t> writable_;
    unsigned watched_ = 0;
};
using SourcePagesDeathTest = SourcePagesTest;

TEST_F(SourcePagesTest, AnIdlePartitionIsMovedInOnePass) {
    source_.begin_pass(now_);
    EXPECT_EQ(send_all().size(), pages);
    EXPECT_EQ(source_.end_pass(now_), (Decision{Act::stop, 0}));
    EXPECT_EQ(source_.result().sent, pages);
    EXPECT_EQ(source_.result().bandwidth, 10'000u);
    source_.begin_stop();
    EXPECT_EQ(source_.table().owed(0), 0u);
    EXPECT_TRUE(send_all().empty());
}

// R35, R39, R65: the second pass has what was altered in the first, and what is stored to goes when it is stopped.
TEST_F(SourcePagesTest, R65_PassesAreMeasured) {
    source_.begin_pass(now_);
    send_all([&](std::uint64_t page) { store(page / 2); });
    EXPECT_EQ(source_.end_pass(now_), (Decision{Act::stop, 0})) << "512 pages take 51 ms";
    EXPECT_EQ(source_.result().left, pages / 2);
    EXPECT_EQ(source_.result().dirty_rate, 5'000u);
    source_.begin_pass(now_);
    const auto again = send_all([&](std::uint64_t) { store(1); });
    EXPECT_EQ(watched_, 1u);
    EXPECT_EQ(again.size(), pages / 2 - 1) << "page 1 was not quiet when its turn came";
    static_cast<void>(source_.end_pass(now_));
    EXPECT_EQ(source_.result().pass, 2u);
    EXPECT_EQ(source_.result().sent, again.size());
    EXPECT_EQ(source_.result().time, again.size() * (second / 10'000));
    EXPECT_EQ(source_.result().left, 1u);
    source_.begin_stop();
    EXPECT_EQ(send_all(), (std::vector<std::uint64_t>{1}));
    EXPECT_EQ(source_.table().pages_left(), 0u);
}

// What goes after the pages, of the page table, says nothing of how fast pages go.
TEST_F(SourcePagesTest, R65_APassEndsWithItsLastPage) {
    source_.begin_pass(now_);
    send_all([&](std::uint64_t page) { store(page / 2); });
    now_ += 10 * second;
    store(pages - 1); // meanwhile
    static_cast<void>(source_.end_pass(now_));
    EXPECT_EQ(source_.result().time, pages * (second / 10'000));
    EXPECT_EQ(source_.result().bandwidth, 10'000u);
    EXPECT_EQ(source_.result().dirty_rate, 5'000u);
    EXPECT_EQ(source_.result().left, pages / 2 + 1) << "but this is to be sent";
}

// R58, R65: as soon as something was measured it is said how long it will take, and what will be left for the stop.
TEST_F(SourcePagesTest, R58_ForeseesTheRest) {
    EXPECT_EQ(source_.estimate(now_), std::nullopt);
    source_.begin_pass(now_);
    std::optional<MoveEstimate> half;
    send_all([&](std::uint64_t page) {
        store(page / 2);
        if (page == pages / 2)
            half = source_.estimate(now_);
    });
    ASSERT_TRUE(half);
    EXPECT_NEAR(static_cast<double>(half->left_ms), 1000.0 * pages / 10'000, 3)
        << "half of them, and again half of them";
    EXPECT_NEAR(static_cast<double>(half->final_pages), pages / 2, 6);
    EXPECT_EQ(half->downtime_ms, half->final_pages / 10);
    static_cast<void>(source_.end_pass(now_));
    const auto second_pass = source_.estimate(now_);
    ASSERT_TRUE(second_pass);
    EXPECT_EQ(second_pass->left_ms, (pages / 2 + second_pass->final_pages) / 10);
    source_.begin_stop();
    const auto stop = source_.estimate(now_);
    ASSERT_TRUE(stop);
    EXPECT_EQ(*stop, (MoveEstimate{pages / 20, pages / 20, pages / 2}));
    send_all();
    EXPECT_EQ(source_.estimate(now_), (MoveEstimate{0, 0, 0}));
}

// Where there was no pass what goes says how fast it goes.
TEST_F(SourcePagesTest, R58_ForeseesTheRestOfWhatStandsStill) {
    source_.begin_stop();
    EXPECT_EQ(source_.estimate(now_), std::nullopt);
    std::optional<MoveEstimate> half;
    send_all([&](std::uint64_t page) {
        if (page == pages / 2)
            half = source_.estimate(now_);
    });
    ASSERT_TRUE(half);
    EXPECT_NEAR(static_cast<double>(half->left_ms), 1000.0 * pages / 2 / 10'000, 1);
    EXPECT_EQ(half->final_pages, pages / 2);
}

// What is left of the page table goes in the stop, too.
TEST_F(SourcePagesTest, ThePageTableIsPartOfThePredictedStop) {
    source_.begin_pass(now_);
    send_all([&](std::uint64_t page) { store(page / 2); }); // 512 pages are left, which take 51.2 ms
    EXPECT_EQ(source_.end_pass(now_, {}, second / 5).act, Act::stop);
    EXPECT_EQ(source_.result().table, 2000u);
    source_.begin_pass(now_);
    EXPECT_EQ(source_.end_pass(now_, {}, second / 4).act, Act::again) << "250 ms more are too much";
}

// R50, R52: the bitmap has what is left; what the target demands goes at once, and once.
TEST_F(SourcePagesTest, R52_WhatIsDemandedGoesFirst) {
    source_.begin_pass(now_);
    send_all([&](std::uint64_t page) {
        if (page >= 64 && page < 70)
            store(page); // while it is read: it goes again
    });
    const CopyOrder cut = source_.last_copy();
    source_.begin_stop();
    EXPECT_EQ(source_.last_copy(), cut);
    EXPECT_EQ(source_.table().owed(0), 0u);
    EXPECT_EQ(source_.table().owed(1), 0x3fu);
    const auto order = source_.demand({68});
    ASSERT_TRUE(order.has_value());
    EXPECT_EQ(*order, cut + 1);
    EXPECT_EQ(source_.demand({68}), std::nullopt) << "it is on its way";
    source_.sent({68}, true);
    order_ = *order;
    EXPECT_EQ(source_.demand({3}), std::nullopt) << "the target has it";
    EXPECT_EQ(source_.demand({pages}), std::nullopt) << "a target may ask for anything";
    EXPECT_EQ(source_.demand({~std::uint64_t{0}}), std::nullopt);
    EXPECT_EQ(send_all(), (std::vector<std::uint64_t>{64, 65, 66, 67, 69}));
}

TEST_F(SourcePagesTest, P10_WhatALargePageAlteredIsInTheBitmapAndCanBeDemanded) {
    source_.begin_pass(now_);
    send_all();
    source_.table().raise({mib(16)}, mib(16));
    source_.begin_stop();
    EXPECT_EQ(source_.table().owed(3), 0u);
    EXPECT_EQ(source_.table().owed(4), ~std::uint64_t{0});
    EXPECT_TRUE(source_.demand({300}).has_value());
    source_.sent({300}, true);
    EXPECT_EQ(send_all().size(), 255u);
    source_.table().lower({mib(16)}, mib(16)); // its second page table is drained afterwards
}

// 3.5: a pass ends when it takes longer than sending all of the memory twice.
TEST_F(SourcePagesTest, APassThatTakesTooLongIsOver) {
    source_.begin_pass(now_);
    send_all([&](std::uint64_t page) { store(page); });
    static_cast<void>(source_.end_pass(now_));
    source_.begin_pass(now_); // twice 1024 pages at 10,000 a second
    EXPECT_NE(source_.next(now_).step, Step::over);
    now_ += second / 5;
    EXPECT_NE(source_.next(now_).step, Step::over);
    now_ += second / 100;
    EXPECT_EQ(source_.next(now_).step, Step::over);
}

TEST_F(SourcePagesDeathTest, PanicsOnOurOwnMistakes) {
    EXPECT_DEATH(source_.demand({0}), "runs here");
    EXPECT_DEATH((SourcePages{memory, granule, std::as_writable_bytes(std::span(words_)).subspan(8), {}}), "too small");
}

} // namespace
} // namespace transom::migrate

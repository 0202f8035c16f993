// SPDX-License-Identifier: Apache-2.0
#include "owned_page_table.hpp"
#include "simulated_move.hpp"
#include <cstdio>
#include <gmock/gmock.h>

namespace transom::migrate {
namespace {

using enum PageStatus;
using Step = Choice::Step;

class PageOrderTest : public testing::Test {
  protected:
    static constexpr Bytes granule = kib(64);
    static constexpr std::uint64_t pages = 16;

    void raise(std::uint64_t page, unsigned times = 1) {
        for (; times > 0; --times)
            table_->raise({page * granule}, granule);
    }
    void lower(std::uint64_t page) { table_->lower({page * granule}, granule); }
    bool send(std::uint64_t page) { return table_->claim({page}) && table_->sent({page}); }
    /// Sends all pages and alters one so often.
    void send_all() {
        for (std::uint64_t page = 0; page < pages; ++page)
            ASSERT_TRUE(send(page));
    }
    void alter(std::uint64_t page, unsigned times) {
        for (; times > 0; --times) {
            table_->written({page * granule}, 1);
            if (times > 1) {
                ASSERT_TRUE(send(page));
            }
        }
    }
    /// What goes, watching where that is asked for.
    std::vector<std::uint64_t> rest(PageOrder& order) {
        std::vector<std::uint64_t> found;
        while (true) {
            const Choice choice = order.next();
            if (choice.step == Step::over)
                return found;
            if (choice.step == Step::send)
                found.push_back(choice.page.value);
            if (choice.step == Step::watch)
                watch();
        }
    }
    void watch() {
        ++watched;
        for (std::uint64_t page = 0; page < pages; ++page)
            while (table_->stores({page}) != 0)
                lower(page);
    }
    using List = std::vector<std::uint64_t>;

    unsigned watched = 0;
    OwnedPageTable table_{pages * granule, granule};
};

// R35, R36: what was never sent, then what was altered, the seldom altered first; what somebody can store to waits.
TEST_F(PageOrderTest, R35_ByStateAndComplexity) {
    send_all();
    alter(9, 1);
    alter(3, 2);
    alter(7, 1);
    table_.entry(4) = PageState(fresh, 0, 0).bits;
    table_.entry(5) = PageState(fresh, 0, 0).bits;
    table_->to_send().add({4});
    table_->to_send().add({5});
    raise(5, 3);
    PageOrder order(*table_);
    order.begin_pass(1);
    EXPECT_EQ(rest(order), (List{4, 7, 9, 3}));
    EXPECT_EQ(watched, 0u) << "nobody could store before the first pass";
    lower(5);
    lower(5);
    order.begin_pass(1);
    EXPECT_EQ(rest(order), (List{})) << "one is enough";
    lower(5);
    order.begin_pass(1);
    EXPECT_EQ(rest(order), (List{5}));
}

// What is stored to again after everybody has been watched was not quiet.
TEST_F(PageOrderTest, R35_WhatIsStoredToWaits) {
    PageOrder order(*table_);
    raise(1, 3);
    raise(2);
    order.begin_pass(2);
    Choice choice;
    while ((choice = order.next()).step == Step::look) {}
    ASSERT_EQ(choice.step, Step::watch);
    watch();
    raise(2);
    EXPECT_EQ(rest(order), (List{0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
    order.begin_stop();
    EXPECT_EQ(rest(order), (List{2}));
}

TEST_F(PageOrderTest, WhatCannotBeClaimedComesInTheNextPass) {
    PageOrder order(*table_);
    order.begin_pass(1);
    Choice choice;
    while ((choice = order.next()).step == Step::look) {}
    ASSERT_EQ(choice, (Choice{Step::send, {0}}));
    order.put_off({0});
    EXPECT_EQ(rest(order).front(), 1u);
    order.begin_pass(2);
    EXPECT_EQ(rest(order), (List{0}));
}

TEST_F(PageOrderTest, HotPagesGoWhenStopped) {
    send_all();
    alter(3, 3);
    alter(4, 2);
    PageOrder order(*table_);
    order.begin_pass(4);
    EXPECT_EQ(rest(order), (List{4}));
    EXPECT_EQ(table_->state({3}).status(), hot);
    order.begin_stop();
    EXPECT_EQ(rest(order), (List{3}));
}

// R46: it becomes hot or ceases to be at the beginning of a pass only, whatever happens in between.
TEST_F(PageOrderTest, R46_ChangesHeatOnceInAPass) {
    send_all();
    alter(3, 4);
    PageOrder order(*table_);
    order.begin_pass(3);
    rest(order);
    ASSERT_EQ(table_->state({3}).status(), hot);
    raise(3);
    lower(3);
    rest(order);
    EXPECT_EQ(table_->state({3}).status(), hot);
    raise(3); // stored to in this pass
    order.begin_pass(4);
    EXPECT_EQ(rest(order), (List{}));
    EXPECT_EQ(table_->state({3}).status(), hot);
    order.begin_pass(5); // nobody stored to it since it was watched
    EXPECT_EQ(rest(order), (List{3}));
    EXPECT_EQ(table_->state({3}), PageState(stale, 2, 0));
}

// What it is compared with: a pass has what was altered when it began, upwards, and sends it though it is stored to; then it goes again.
TEST_F(PageOrderTest, ByAddressPagesGoWhoeverStoresToThem) {
    PageOrder order(*table_, {.policy = OrderPolicy::by_address});
    order.begin_pass(1);
    EXPECT_EQ(rest(order).size(), pages);
    EXPECT_EQ(watched, 0u) << "nobody could store before the first pass";
    for (std::uint64_t page = 0; page < pages; ++page) {
        ASSERT_TRUE(order.claim({page}));
        ASSERT_TRUE(table_->sent({page}));
    }
    alter(9, 1);
    raise(3);
    order.begin_pass(2);
    Choice choice;
    while ((choice = order.next()).step == Step::look) {}
    ASSERT_EQ(choice.step, Step::watch) << "who stores from now on is in the next pass";
    watch();
    raise(9);
    raise(12);
    EXPECT_EQ(rest(order), (List{3, 9}));
    ASSERT_TRUE(order.claim({3}));
    EXPECT_TRUE(table_->sent({3}));
    ASSERT_TRUE(order.claim({9}));
    EXPECT_FALSE(table_->sent({9})) << "somebody can store to it still";
    order.begin_pass(3);
    EXPECT_EQ(rest(order), (List{9, 12}));
    EXPECT_EQ(table_->count(hot), 0u);
}

// P10: who stored by a large page is known to the next pass.
TEST(PageOrder, P10_APassBeginsWithWhatLargePagesAltered) {
    OwnedPageTable table(mib(48), kib(64));
    PageOrder order(*table);
    const auto pass = [&](unsigned number) {
        std::uint64_t sent = 0;
        order.begin_pass(number);
        for (Choice choice; (choice = order.next()).step != Step::over;)
            if (choice.step == Step::send) {
                EXPECT_TRUE(table->claim(choice.page));
                EXPECT_TRUE(table->sent(choice.page));
                ++sent;
            }
        return sent;
    };
    EXPECT_EQ(pass(1), 768u);
    table->raise({mib(16)}, mib(16));
    EXPECT_EQ(pass(2), 0u) << "somebody still can";
    table->lower({mib(16)}, mib(16));
    EXPECT_EQ(pass(3), 256u);
    EXPECT_EQ(pass(4), 0u);
}

// What one call does is bounded: nothing to be sent among 64 Ki pages is said in steps.
TEST(PageOrder, R66_LooksAtSoManyPagesAtATime) {
    OwnedPageTable table(gib(4), kib(64));
    for (std::uint64_t page = 0; page < table->pages(); ++page)
        table->raise({page * kib(64)}, kib(4));
    PageOrder order(*table);
    order.begin_pass(1);
    unsigned looks = 0;
    while (order.next().step == Step::look)
        ++looks;
    EXPECT_GE(looks, 3 * table->pages() / 1024);
}

// J2 as far as an order is concerned: whatever the writer does, every page goes, and by the end none is left.
void every_page_goes(OrderPolicy policy) {
    for (const double rate : {0.0, 0.1, 1.0, 5.0}) {
        SimulatedMove move(2048, {.classes = {{0.05, 0.5}, {0.95, 0.5}}, .stores_per_page = rate}, 3);
        PageOrder order(move.table(), {.policy = policy});
        move.run(order, 20);
        EXPECT_EQ(move.first_sends, 2048u);
        EXPECT_EQ(move.table().pages_left(), 0u);
    }
}
TEST(PageOrder, EveryPageGoes) {
    every_page_goes(OrderPolicy::by_state);
    every_page_goes(OrderPolicy::by_address);
}

struct Moved {
    std::uint64_t resent;
    std::uint64_t left;
    unsigned passes;
    double time;
};

/// Of 4 GiB; it stops when 300 ms are enough, where sending all takes 16 s.
class PageOrderSimulation : public testing::Test {
  protected:
    static constexpr std::uint64_t pages = 65536;
    static constexpr std::uint64_t budget = 1229;

    static Moved by_address(const Writer& writer, std::uint64_t seed, bool page_by_page = false) {
        SimulatedMove move(pages, writer, seed);
        move.page_by_page = page_by_page;
        PageOrder order(move.table(), {.policy = OrderPolicy::by_address});
        return run(move, order, page_by_page ? "by address, page by page" : "by address");
    }
    static Moved by_state(const Writer& writer, std::uint64_t seed) {
        SimulatedMove move(pages, writer, seed);
        PageOrder order(move.table());
        return run(move, order, "by state");
    }

    const std::vector<WriterClass> mixed{{0.01, 0.80}, {0.09, 0.18}, {0.90, 0.02}};
    const std::vector<WriterClass> flatter{{0.02, 0.60}, {0.18, 0.30}, {0.80, 0.10}};
    const std::vector<WriterClass> even{{1, 1}};

  private:
    static Moved run(SimulatedMove& move, PageOrder& order, const char* name) {
        move.run(order, budget);
        std::printf("%s: %llu pages again, %u passes, %llu left, %.0f page times, %llu evictions\n", name,
                    static_cast<unsigned long long>(move.resent()), move.passes,
                    static_cast<unsigned long long>(move.left_at_stop), move.now,
                    static_cast<unsigned long long>(move.evictions));
        return {move.resent(), move.left_at_stop, move.passes, move.now};
    }
};

// The claim of the policy: at least 25 % fewer pages sent again than by address on writers with hot, warm and cold pages, even if that
// could take the right to store away from each page when its turn comes. The seed
// is fixed; three of them, so that it is no accident. docs/page-state.md has the figures.
TEST_F(PageOrderSimulation, ResendsFewerPagesThanByAddress) {
    for (const double rate : {0.5, 1.0, 2.0})
        for (const std::uint64_t seed : {1, 2, 3}) {
            std::printf("seed %llu, %.1f stores a page\n", static_cast<unsigned long long>(seed), rate);
            const Moved theirs = by_address({mixed, rate}, seed), ours = by_state({mixed, rate}, seed);
            const Moved best = by_address({mixed, rate}, seed, true);
            EXPECT_LE(static_cast<double>(ours.resent), 0.50 * static_cast<double>(theirs.resent));
            EXPECT_LE(static_cast<double>(ours.resent), 0.75 * static_cast<double>(best.resent));
            EXPECT_LE(ours.left, budget);
            EXPECT_LE(ours.time, theirs.time);
        }
}

// A trace that went wrong comes again by its seed: page for page, and each page with the same state.
TEST(PageOrder, R64_TheSameSeedIsTheSameTrace) {
    const auto trace = [](std::uint64_t seed) {
        SimulatedMove move(512, {.classes = {{0.1, 0.7}, {0.9, 0.3}}, .stores_per_page = 0.7}, seed);
        PageOrder order(move.table());
        std::vector<std::uint64_t> states;
        move.at_each_page = [&] {
            for (std::uint64_t page = 0; page < 512; ++page)
                states.push_back(move.table().state({page}).bits);
        };
        move.run(order, 10);
        return states;
    };
    const std::vector<std::uint64_t> once = trace(64);
    EXPECT_GT(once.size(), 512u * 512u);
    EXPECT_TRUE(once == trace(64));
    EXPECT_FALSE(once == trace(65));
}

// Where pages are much alike there is little to be gained, and nothing is lost.
TEST_F(PageOrderSimulation, LosesNothingWherePagesAreAlike) {
    for (const Writer& writer : {Writer{even, 0.1}, Writer{even, 0.5}, Writer{flatter, 0.5}}) {
        std::printf("seed 1, %zu classes, %.1f stores a page\n", writer.classes.size(), writer.stores_per_page);
        const Moved theirs = by_address(writer, 1, true), ours = by_state(writer, 1);
        by_address(writer, 1);
        EXPECT_LE(static_cast<double>(ours.resent), 1.02 * static_cast<double>(theirs.resent));
        EXPECT_LE(ours.time, 1.02 * theirs.time);
    }
}

} // namespace
} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#include "owned_page_table.hpp"
#include <gmock/gmock.h>
#include <transom/migrate/page_cost.hpp>

namespace transom::migrate {
namespace {

using enum PageStatus;

class PageStateTableTest : public testing::Test {
  protected:
    static constexpr Bytes granule = kib(64);
    static constexpr Bytes memory = mib(48);

    static LogicalAddr at(std::uint64_t page) { return {page * granule}; }
    PageStatus status(std::uint64_t page) { return table_->state({page}).status(); }
    void send(std::uint64_t page) {
        ASSERT_TRUE(table_->claim({page}));
        ASSERT_TRUE(table_->sent({page}));
    }

    OwnedPageTable table_{memory, granule};
};

TEST_F(PageStateTableTest, EveryPageIsFreshAndToBeSent) {
    EXPECT_EQ(table_->pages(), 768u);
    EXPECT_EQ(table_->count(fresh), 768u);
    for (std::uint64_t page = 0; page < 768; ++page)
        EXPECT_TRUE(table_->to_send().has({page}));
}

// R38, P2: the page can be claimed when the last of its grants has ended, not before.
TEST_F(PageStateTableTest, R38_EvictionLowersByOne) {
    for (int i = 0; i < 3; ++i)
        table_->raise(at(5), kib(4));
    for (std::uint32_t left = 3; left > 0; --left) {
        EXPECT_EQ(table_->stores({5}), left);
        EXPECT_FALSE(table_->claim({5}));
        table_->lower(at(5), kib(4));
    }
    EXPECT_TRUE(table_->claim({5}));
}

// R39, P1: from the grant on, not from the store on.
TEST_F(PageStateTableTest, R39_GrantAfterSendMakesStale) {
    send(1);
    EXPECT_EQ(table_->count(PageStatus::sent), 1u);
    table_->raise(at(1), granule);
    EXPECT_EQ(status(1), stale);
    EXPECT_TRUE(table_->altered().has({1}));
    EXPECT_EQ(table_->pages_left(), table_->pages());
}

// P3: what is granted while a page is read makes it go again.
TEST_F(PageStateTableTest, P3_GrantWhileSendingMakesStale) {
    ASSERT_TRUE(table_->claim({2}));
    table_->raise(at(2), granule);
    table_->lower(at(2), granule);
    EXPECT_FALSE(table_->claim({2})) << "its sender has it still (P6)";
    EXPECT_FALSE(table_->altered().has({2}));
    EXPECT_FALSE(table_->sent({2}));
    EXPECT_EQ(status(2), stale);
    EXPECT_TRUE(table_->altered().has({2}));
}

// P5: every page that a write of the hypervisor's touches.
TEST_F(PageStateTableTest, P5_HypervisorWritesMakeStale) {
    for (const std::uint64_t page : {3, 4, 5})
        send(page);
    table_->written(at(4) - 1, 2);
    EXPECT_EQ(status(3), stale);
    EXPECT_EQ(status(4), stale);
    EXPECT_EQ(status(5), PageStatus::sent);
}

// P9: aliases count each; a page larger than the granule counts in each that it covers.
TEST(PageStateTable, P9_CountsAliasesAndCoveredPages) {
    OwnedPageTable table(mib(16), kib(4));
    table->raise({kib(64)}, kib(64));
    table->raise({kib(68)}, kib(4));
    EXPECT_EQ(table->stores({15}), 0u);
    EXPECT_EQ(table->stores({16}), 1u);
    EXPECT_EQ(table->stores({17}), 2u);
    EXPECT_EQ(table->stores({31}), 1u);
    EXPECT_EQ(table->stores({32}), 0u);
    table->lower({kib(64)}, kib(64));
    EXPECT_EQ(table->stores({17}), 1u);
}

// P10: the whole of a large page is altered, at once, and can be sent when it is gone.
TEST_F(PageStateTableTest, P10_LargePagesCountOnceForTheirRegion) {
    send(256);
    send(257);
    send(0);
    table_->raise({mib(16)}, mib(16));
    EXPECT_EQ(status(256), stale);
    EXPECT_EQ(status(0), PageStatus::sent);
    EXPECT_EQ(table_->stores({300}), 1u);
    EXPECT_FALSE(table_->claim({300}));
    EXPECT_TRUE(table_->altered().has({256})) << "they have to go, whoever claims one of them first";
    EXPECT_FALSE(table_->region(1).unspread());
    EXPECT_FALSE(table_->claim({300})) << "until the large page is gone";
    table_->lower({mib(16)}, mib(16));
    EXPECT_EQ(status(257), stale) << "it may have been stored to";
    send(256);
    EXPECT_EQ(status(256), PageStatus::sent);
    EXPECT_EQ(status(257), stale);
    EXPECT_EQ(table_->count(PageStatus::sent), 2u);
}

TEST_F(PageStateTableTest, P10_ClaimedAsItIsAPageOfALargeOneGoesAgain) {
    table_->raise({mib(16)}, mib(16));
    ASSERT_TRUE(table_->claim_as_it_is({300}));
    EXPECT_FALSE(table_->sent({300}));
    EXPECT_TRUE(table_->altered().has({300}));
    table_->lower({mib(16)}, mib(16));
    ASSERT_TRUE(table_->claim_as_it_is({300}));
    EXPECT_FALSE(table_->claim_as_it_is({300})) << "its sender has it still (P6)";
    EXPECT_TRUE(table_->sent({300}));
}

TEST_F(PageStateTableTest, P10_LargeGrantWhileSendingIsNotLost) {
    ASSERT_TRUE(table_->claim({300}));
    table_->raise({mib(16)}, mib(16));
    table_->lower({mib(16)}, mib(16));
    EXPECT_TRUE(table_->sent({300}));
    EXPECT_EQ(status(300), stale);
    table_->spread(1);
    EXPECT_EQ(table_->entry({300}).status(), stale);
    EXPECT_TRUE(table_->altered().has({300}));
}

// What could store by a large page cannot any more when all is stopped, though its entries are there.
TEST_F(PageStateTableTest, P10_IsToldWhenStopped) {
    send(300);
    table_->raise({mib(16)}, mib(16));
    EXPECT_EQ(table_->owed(4) >> (300 - 256) & 1, 1u) << "the bitmap knows, whoever has been told";
    EXPECT_TRUE(table_->claim_stopped({300})) << "so does who demands it";
    EXPECT_TRUE(table_->sent({300}));
    EXPECT_EQ(status(300), PageStatus::sent);
}

// R35: a page with three that store to it and one with none.
TEST_F(PageStateTableTest, R35_StatesAreRelative) {
    for (int i = 0; i < 3; ++i)
        table_->raise(at(1), granule);
    EXPECT_LT(cost_of(table_->state({2}), table_->stores({2}), granule),
              cost_of(table_->state({1}), table_->stores({1}), granule));
}

// R50, P11: the bitmap has what the target does not have, by one rule, and nothing else.
TEST_F(PageStateTableTest, R50_TheBitmapIsWhatWasNotSent) {
    for (const std::uint64_t page : {0, 1, 2, 63, 64})
        send(page);
    table_->raise(at(1), granule);
    table_->written(at(63), 1);
    EXPECT_EQ(table_->owed(0), ~std::uint64_t{0b101});
    EXPECT_EQ(table_->owed(1), ~std::uint64_t{1});
    EXPECT_TRUE(table_->claim_stopped({1})) << "nobody runs who could store, whatever is counted";
    EXPECT_TRUE(table_->sent({1}));
    EXPECT_EQ(table_->owed(0), ~std::uint64_t{0b111});
    EXPECT_FALSE(table_->claim_stopped({1}));
    OwnedPageTable small(16 * granule, granule);
    EXPECT_EQ(small->owed(0), 0xffffu) << "and no page that is not there";
}

// R58: at once.
TEST_F(PageStateTableTest, R58_TellsWhatIsLeft) {
    EXPECT_EQ(table_->pages_left(), memory / granule);
    send(3);
    EXPECT_EQ(table_->pages_left(), memory / granule - 1);
    table_->written(at(3), 1);
    EXPECT_EQ(table_->pages_left(), memory / granule);
}

TEST_F(PageStateTableTest, HotPagesGoWhenStopped) {
    send(8);
    table_->written(at(8), 128);
    table_->heat({8});
    EXPECT_FALSE(table_->claim({8}));
    EXPECT_TRUE(table_->claim_stopped({8}));
    EXPECT_TRUE(table_->sent({8}));
    EXPECT_EQ(table_->pages_left(), table_->pages() - 1);
}

// What did not get into the stream is to be sent, and was not altered.
TEST_F(PageStateTableTest, WhatIsGivenBackGoesAgain) {
    ASSERT_TRUE(table_->claim({3}));
    table_->give_back({3});
    EXPECT_EQ(table_->state({3}), PageState(stale, 0, 0));
    EXPECT_TRUE(table_->altered().has({3}));
}

// 3.2: 16 bits for each page, two for each page of bits and what is above them.
TEST(PageStateTable, R66_TakesTwoBytesForAPage) {
    constexpr Bytes memory = gib(1024);
    EXPECT_EQ(PageStateTable::pages_of(memory, kib(64)) * sizeof(std::uint16_t), mib(32));
    EXPECT_LE(2 * PageSet::words_for(PageStateTable::pages_of(memory, kib(64))) * 8, mib(4) + kib(16));
}

using PageStateTableDeathTest = PageStateTableTest;
TEST_F(PageStateTableDeathTest, MoreGrantsEndThanWereMade) {
    EXPECT_DEATH(table_->lower(at(1), granule), "more grants end than were made");
    EXPECT_DEATH(table_->lower({0}, mib(16)), "more grants end than were made");
    EXPECT_DEATH(table_->sent({1}), "nobody had claimed");
}

} // namespace
} // namespace transom::migrate

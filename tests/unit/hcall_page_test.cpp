// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"

namespace transom::hcall {
namespace {

using papr::Op;
using papr::Status;

constexpr std::uint64_t zero = 0x8000;
constexpr std::uint64_t copy = 0x4000;
constexpr std::uint64_t icache = 0x800000 | 0x400000;
constexpr std::uint64_t page = 4096;

class HcallPage : public PartitionTest {};

TEST_F(HcallPage, PageInitZeroesOnePage) {
    poke<std::uint64_t>(2 * page - 8, 1);
    poke<std::uint64_t>(2 * page, 2);
    poke<std::uint64_t>(3 * page - 8, 3);
    poke<std::uint64_t>(3 * page, 4);
    EXPECT_EQ(status(Op::page_init, {zero | icache, 2 * page, 0}), Status::success);
    EXPECT_EQ(peek<std::uint64_t>(2 * page - 8), 1u);
    EXPECT_EQ(peek<std::uint64_t>(2 * page), 0u);
    EXPECT_EQ(peek<std::uint64_t>(3 * page - 8), 0u);
    EXPECT_EQ(peek<std::uint64_t>(3 * page), 4u);
}

TEST_F(HcallPage, PageInitCopiesOnePageFromAnotherBlock) {
    const std::uint64_t from = memory_end - page, to = 5 * page;
    for (std::uint64_t i = 0; i < page; i += 8)
        poke<std::uint64_t>(from + i, i + 1);
    poke<std::uint64_t>(to + page, 99);
    EXPECT_EQ(status(Op::page_init, {copy | zero, to, from}), Status::success);
    for (std::uint64_t i = 0; i < page; i += 8)
        ASSERT_EQ(peek<std::uint64_t>(to + i), i + 1);
    EXPECT_EQ(peek<std::uint64_t>(to + page), 99u);
}

TEST_F(HcallPage, PageInitRefusesWhatIsNoPageOfThePartition) {
    for (const std::uint64_t bad : {page + 8, memory_end, ~std::uint64_t{0} & ~(page - 1)}) {
        EXPECT_EQ(status(Op::page_init, {zero, bad, 0}), Status::parameter);
        EXPECT_EQ(status(Op::page_init, {copy, 0, bad}), Status::parameter);
        EXPECT_EQ(status(Op::page_init, {zero, 0, bad}), Status::success) << "the source counts only with copy";
    }
    EXPECT_EQ(status(Op::page_init, {zero | 1, 0, 0}), Status::parameter) << "undefined flag";
}

TEST_F(HcallPage, PageInitIsMadeAgainAfterAMissingPage) {
    poke<std::uint64_t>(page, 7);
    std::uint32_t nth = 1;
    for (;; ++nth) {
        partition.memory.inject_missing(nth);
        const Outcome outcome = call(Op::page_init, {copy, 2 * page, page});
        if (outcome.then != Then::missing)
            break;
        ASSERT_LT(nth, 100u);
    }
    partition.memory.inject_missing(0);
    EXPECT_GT(nth, 2u);
    EXPECT_EQ(peek<std::uint64_t>(2 * page), 7u);
}

TEST_F(HcallPage, ThereIsNoCacheInhibitedMemory) {
    for (const std::uint64_t size : {1, 2, 4, 8, 3}) {
        EXPECT_EQ(status(Op::logical_ci_load, {size, 0}), Status::parameter);
        EXPECT_EQ(status(Op::logical_ci_store, {size, 0, 1}), Status::parameter);
    }
    EXPECT_EQ(peek<std::uint64_t>(0), 0u);
}

} // namespace
} // namespace transom::hcall

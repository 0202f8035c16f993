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

TEST_F(HcallPage, PageInitZeroesBeforeItCopies) {
    poke<std::uint64_t>(page, 7);
    EXPECT_EQ(status(Op::page_init, {copy | zero, page, page}), Status::success);
    EXPECT_EQ(peek<std::uint64_t>(page), 0u);
    poke<std::uint64_t>(page, 7);
    EXPECT_EQ(status(Op::page_init, {copy, page, page}), Status::success);
    EXPECT_EQ(peek<std::uint64_t>(page), 7u);
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

TEST_F(HcallPage, LoadsAndStoresByLogicalAddress) {
    constexpr std::uint64_t value = 0x0123456789abcdef;
    poke(page, value);
    const std::pair<std::uint64_t, std::uint64_t> expected[] = {{1, 0x01}, {2, 0x0123}, {4, 0x01234567}, {8, value}};
    for (const auto& [size, part] : expected) {
        EXPECT_EQ(status(Op::logical_cache_load, {size, page}), Status::success);
        EXPECT_EQ(vcpu.registers.gpr[4], part);
        poke(2 * page, ~std::uint64_t{0});
        EXPECT_EQ(status(Op::logical_cache_store, {size, 2 * page, value}), Status::success);
        const std::uint64_t kept = size == 8 ? 0 : ~std::uint64_t{0} >> 8 * size;
        EXPECT_EQ(peek<std::uint64_t>(2 * page), (size == 8 ? value : value << (64 - 8 * size)) | kept) << size;
    }
}

TEST_F(HcallPage, RefusesLogicalAccessesThatAreNone) {
    for (const std::uint64_t size : {0, 3, 5, 16})
        EXPECT_EQ(status(Op::logical_cache_load, {size, page}), Status::parameter) << size;
    for (const std::uint64_t size : {2, 4, 8}) {
        EXPECT_EQ(status(Op::logical_cache_load, {size, page + 1}), Status::parameter) << size;
        EXPECT_EQ(status(Op::logical_cache_store, {size, page + size / 2, 1}), Status::parameter) << size;
    }
    for (const std::uint64_t beyond : {memory_end, memory_end + page, ~std::uint64_t{7}}) {
        EXPECT_EQ(status(Op::logical_cache_load, {8, beyond}), Status::parameter);
        EXPECT_EQ(status(Op::logical_cache_store, {8, beyond, 1}), Status::parameter);
        EXPECT_EQ(status(Op::logical_icbi, {beyond}), Status::parameter);
        EXPECT_EQ(status(Op::logical_dcbf, {beyond}), Status::parameter);
    }
    EXPECT_EQ(status(Op::logical_icbi, {memory_end - 1}), Status::success);
    EXPECT_EQ(status(Op::logical_dcbf, {page + 77}), Status::success);
}

TEST_F(HcallPage, LogicalAccessesAreMadeAgainAfterAMissingPage) {
    partition.memory.inject_missing(1);
    EXPECT_EQ(call(Op::logical_cache_load, {8, page}).then, Then::missing);
    partition.memory.inject_missing(1);
    EXPECT_EQ(call(Op::logical_cache_store, {8, page, 1}).then, Then::missing);
    EXPECT_EQ(peek<std::uint64_t>(page), 0u);
}

TEST_F(HcallPage, NoStreamHandleIsKnown) {
    for (const std::uint64_t handle : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        EXPECT_EQ(status(Op::donor_operation, {handle}), Status::parameter);
        EXPECT_EQ(status(Op::vasi_state, {handle}), Status::parameter);
        for (const std::uint64_t signal : {1, 2, 99})
            EXPECT_EQ(status(Op::vasi_signal, {handle, signal, 0}), Status::parameter) << "before the signal code";
    }
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

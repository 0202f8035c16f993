// SPDX-License-Identifier: Apache-2.0
// H_BLOCK_REMOVE and H_CLEAR_HPT: removal of many entries with one flush.
#include <hpt_call_fixture.hpp>
#include <hpt_fixture.hpp>
#include <hpt_walker.hpp>

namespace transom::hcall {
namespace {

using testing::Each;
using testing::ElementsAre;
namespace flag = papr::hpt_flag;

constexpr std::uint64_t end = ~0ull;
constexpr std::uint64_t request = 0x4000000000000000;
constexpr std::uint64_t by_avpn = 0x0100000000000000;

class HptBlock : public HptCall {
  protected:
    /// Enters pages `first` to `first` + 7 of 64 KiB in the segment of VSID 5 into slots of their groups.
    void enter_block(std::uint64_t first = 0, std::uint64_t d1 = 0x1012) {
        for (std::uint64_t i = 0; i < 8; ++i)
            slots[i] = enter_page(first + i, d1);
    }
    std::uint64_t enter_page(std::uint64_t page, std::uint64_t d1 = 0x1012, std::uint64_t more_d0 = 0) {
        const hpt::SegmentOffset place{papr::SegmentSize::tib_1, 5, page << 16};
        const std::uint64_t d0 = hpt::virtual_page_field(place, papr::PageSize::kib_64) | 5 | more_d0;
        const auto group = hpt::group_of(hpt::primary_hash(place, papr::PageSize::kib_64), log2_bytes);
        return enter(0, papr::ptex(group, 0).value, d0, d1 | (page % 16) << 16);
    }
    Answer remove_block(std::vector<std::uint64_t> arguments, std::size_t outputs = 8) {
        arguments.resize(9, end);
        return call(h_block_remove, arguments, outputs);
    }
    bool valid(std::uint64_t slot) { return (call(h_read, {0, slot}, 2).out[0] & 1) != 0; }

    static constexpr std::uint64_t ava = 0x4000000005000000;
    std::array<std::uint64_t, 8> slots{};
};

TEST_F(HptBlock, EightGoWithOneCall) {
    enter_block(8);
    std::vector<std::uint64_t> arguments{ava};
    std::vector<std::uint64_t> answers;
    for (const std::uint64_t slot : slots) {
        arguments.push_back(request | by_avpn | slot);
        answers.push_back(0x8000000000000000 | slot);
    }
    partition->vcpus[0].registers.gpr[12] = 0;
    const Answer answer = remove_block(arguments, 9);
    EXPECT_EQ(answer.status, Status::success);
    answers.push_back(arguments[8]); // r12
    EXPECT_EQ(answer.out, answers);
    EXPECT_EQ(machine.flushes_.size(), 8u);
    for (const std::uint64_t slot : slots)
        EXPECT_THAT(call(h_read, {0, slot}, 2).out, Each(0u));
}

TEST_F(HptBlock, TheRequestsBeforeTheEndAreAnsweredAndTheRestIsLeft) {
    const std::uint64_t both = enter_page(0, 0x1192), referenced = enter_page(1, 0x1112), other = enter_page(2);
    const Answer answer = remove_block({0, request | both, request | referenced, end, request | other});
    EXPECT_EQ(answer.status, Status::success);
    EXPECT_THAT(answer.out, ElementsAre(0x8600000000000000 | both, 0x8400000000000000 | referenced, end,
                                        request | other, end, end, end, end));
    EXPECT_TRUE(valid(other));
    EXPECT_EQ(remove_block({0, end, request | other}).status, Status::success); // none is none
    EXPECT_TRUE(valid(other));
}

TEST_F(HptBlock, WhatIsNoRequestLeavesEverything) {
    enter_block();
    for (const std::uint64_t bad : {std::uint64_t{0}, slots[1], 0x8000000000000000 | slots[1]}) {
        const Answer answer = remove_block({0, request | slots[0], bad, request | slots[2]}, 4);
        EXPECT_EQ(answer.status, Status::parameter);
        EXPECT_THAT(answer.out, ElementsAre(0, request | slots[0], bad, request | slots[2]));
    }
    EXPECT_TRUE(valid(slots[0]));
    EXPECT_TRUE(machine.flushes_.empty());
}

TEST_F(HptBlock, EachRefusalHasItsCodeAndTheOthersGo) {
    const std::uint64_t bolted = enter_page(0, 0x1012, papr::d0::bolted);
    const std::uint64_t good = enter_page(1), next_block = enter_page(8),
                        other_vsid = enter(0, 0x800, 0x4000000006000005, 0x1012);
    const std::uint64_t small = enter(0, 0x808, 0x4000000005000001, 0x12);
    const std::uint64_t small_segment = enter(0, 0x810, 0x0000000005000005, 0x1012);
    const Answer answer =
        remove_block({ava, request | bolted, request | 0x820, request | 0x4000, request | good, request | good,
                      request | next_block, request | small, request | small_segment});
    EXPECT_EQ(answer.status, Status::partial);
    EXPECT_THAT(answer.out, ElementsAre(0x8800000000000000 | bolted, 0x8800000000000820, 0x9000000000004000,
                                        0x8000000000000000 | good, 0xa000000000000000 | good, // locked by this call
                                        0xa800000000000000 | next_block, 0x9800000000000000 | small,
                                        0x9800000000000000 | small_segment));
    for (const std::uint64_t slot : {bolted, next_block, small, small_segment, other_vsid})
        EXPECT_TRUE(valid(slot));
    EXPECT_FALSE(valid(good));
    // By AVPN another page is not found; without it, it is another block, if there is one already.
    EXPECT_THAT(remove_block({ava, request | by_avpn | other_vsid}, 1).out,
                ElementsAre(0x8800000000000000 | other_vsid));
    EXPECT_THAT(remove_block({ava, request | next_block, request | other_vsid}, 2).out,
                ElementsAre(0x8000000000000000 | next_block, 0xa800000000000000 | other_vsid));
}

TEST_F(HptBlock, PagesOf16MibGoInSegmentsOfSmallerPages) {
    offer_large_pages();
    const auto enter_large = [&](papr::PageSizes sizes, std::uint64_t offset) {
        const hpt::SegmentOffset place{papr::SegmentSize::tib_1, 5, offset};
        const auto group = hpt::group_of(hpt::primary_hash(place, sizes.base), log2_bytes);
        return enter(0, papr::ptex(group, 0).value, hpt::virtual_page_field(place, sizes.base) | 5,
                     std::uint64_t{sizes.encoding} << 12 | 0x12);
    };
    for (const papr::PageSizes& sizes : papr::page_sizes) {
        if (sizes.actual != papr::PageSize::mib_16)
            continue;
        const std::uint64_t first = enter_large(sizes, 0), second = enter_large(sizes, papr::bytes(sizes.base));
        const Answer answer = remove_block({0, request | first, request | second}, 2);
        if (sizes.base == papr::PageSize::mib_16) {
            EXPECT_THAT(answer.out, ElementsAre(0x9000000000000000 | first, 0x9000000000000000 | second));
            EXPECT_EQ(answer.status, Status::partial);
            // Another page is not found, whatever its size.
            EXPECT_THAT(remove_block({~0ull, request | by_avpn | first}, 1).out,
                        ElementsAre(0x8800000000000000 | first));
        } else {
            EXPECT_THAT(answer.out, ElementsAre(0x8000000000000000 | first, 0x8000000000000000 | second));
        }
    }
}

TEST_F(HptBlock, ReservedBitsOfARequest) {
    const std::uint64_t slot = enter_page(0);
    // The state of pages is the CMO option's; the rest of the control byte is reserved.
    EXPECT_THAT(remove_block({0, request | 0x3e00000000000000 | slot}, 1).out, ElementsAre(0x8000000000000000 | slot));
    const std::uint64_t again = enter_page(0);
    EXPECT_THAT(remove_block({0, request | 0x0001000000000000 | again}, 1).out,
                ElementsAre(0x9001000000000000 | again));
    EXPECT_TRUE(valid(again));
}

TEST_F(HptCall, ClearEmptiesTheTableAndKeepsWhatIsTheHypervisors) {
    enter(flag::exact, 3);
    enter(flag::exact, 0x1234, d0_of_page_1 & ~papr::d0::valid);
    enter(flag::exact, 0x3fff);
    ASSERT_TRUE(partition->hpt.insert_real_mode({0x10000}, partition->memory).has_value());
    const auto* const entries = reinterpret_cast<const std::uint64_t*>(arch::real_pointer(table_address));
    const std::size_t words = (std::size_t{1} << log2_bytes) / 8;
    const auto used = [&] {
        return std::ranges::count_if(std::span(entries, words), [](auto word) { return word != 0; });
    };
    ASSERT_EQ(used(), 8);
    EXPECT_EQ(call(h_clear_hpt, {}).status, Status::success);
    EXPECT_EQ(used(), 2); // the entry for real mode
    EXPECT_EQ(std::ranges::count_if(guest_words, [](auto word) { return word != 0; }), 1);
    // Two batches had valid entries.
    ASSERT_EQ(machine.flushes_.size(), 2u);
    EXPECT_EQ(machine.flushes_[0].lpid, 77u);
    EXPECT_FALSE(machine.flushes_[0].page);
    EXPECT_EQ(call(h_clear_hpt, {}).status, Status::success);
    EXPECT_EQ(machine.flushes_.size(), 2u);
    EXPECT_EQ(enter(flag::exact, 3), 3u);
}

TEST_F(HptCall, ClearOfALargerTableGoesOnWithTheNextCall) {
    constexpr unsigned larger = 20; // 65536 slots
    guest_words.assign((std::size_t{1} << larger) / 16, 0);
    partition->hpt.init(arch::fake_real_base + mib(16), larger, guest_words, {.format = hpt::Format::isa_3_0});
    enter(flag::exact, 1);
    enter(flag::exact, 0xffff);
    unsigned calls = 0;
    Status status = Status::continue_;
    for (; status == Status::continue_ && calls < 10; ++calls)
        status = call(h_clear_hpt, {}).status;
    EXPECT_EQ(status, Status::success);
    EXPECT_EQ(calls, 4u);
    EXPECT_EQ(call(h_read, {0, 1}, 1).out[0], 0u);
    EXPECT_EQ(call(h_read, {0, 0xffff}, 1).out[0], 0u);
}

TEST_F(HptCall, OneProcessorClearsAtATime) {
    ASSERT_TRUE(partition->hpt.begin_clear());
    EXPECT_EQ(call(h_clear_hpt, {}).status, Status::continue_);
    partition->hpt.end_clear();
    EXPECT_EQ(call(h_clear_hpt, {}).status, Status::success);
}

} // namespace
} // namespace transom::hcall

namespace transom::hpt {
namespace {

using papr::Ptex;

/// A block of two pages, and a processor that accesses them at one moment of the removal.
TEST(HptBlockUsage, TheAnswerIsExactlyWhatWasDone) {
    for (const bool warm : {false, true}) {
        int moments = 1;
        for (int moment = -1; moment < moments; ++moment) {
            TestTable t;
            Walker walker(t.slots, Format::isa_3_0);
            t.on_flush = [&](const VirtualPage& page) { walker.flush(page); };
            const std::array slots{group_for(3, 0), group_for(3, 1)};
            for (std::uint64_t i = 0; i < 2; ++i)
                ASSERT_TRUE(t.enter(slots[i], entry_for(3, i)).has_value());
            if (warm)
                walker.access(slots[1], false);
            bool used = warm, stored = false;
            int turn = 0;
            t.slots.machine_turn = [&] {
                if (turn++ == moment && walker.access(slots[1], true))
                    used = stored = true;
            };
            std::optional<BlockAnchor> anchor;
            auto first = t.table.begin_block_remove({slots[0], {}}, anchor);
            auto second = t.table.begin_block_remove({slots[1], {}}, anchor);
            ASSERT_TRUE(first.has_value() && second.has_value());
            const Flushed one = t.discharge(first->obligation()), two = t.discharge(second->obligation());
            t.table.finish_remove(std::move(*first), one);
            const std::uint64_t d1 = t.table.finish_remove(std::move(*second), two).d1;
            moments = turn;
            EXPECT_EQ((d1 & papr::d1::changed) != 0, stored) << moment;
            EXPECT_EQ((d1 & papr::d1::referenced) != 0, used) << moment;
            EXPECT_FALSE(walker.access(slots[1], false)) << "a stale translation";
        }
        EXPECT_GE(moments, 4);
    }
}

TEST(HptClearUsage, NothingIsLeftOfAnAccessInTheMeantime) {
    int moments = 1;
    for (int moment = -1; moment < moments; ++moment) {
        TestTable t;
        Walker walker(t.slots, Format::isa_3_0);
        const Ptex slot = group_for(3, 5);
        ASSERT_TRUE(t.enter(slot, entry_for(3, 5)).has_value());
        walker.access(slot, false);
        int turn = 0;
        t.slots.machine_turn = [&] {
            if (turn++ == moment)
                walker.access(slot, true);
        };
        ASSERT_TRUE(t.table.begin_clear());
        while (const auto batch = t.table.begin_clear_batch()) {
            if (batch->must_flush)
                walker.flush_all();
            t.table.finish_clear_batch(*batch,
                                       batch->must_flush ? std::optional(arch::Tlb::flush_partition(1)) : std::nullopt);
        }
        t.table.end_clear();
        moments = turn;
        EXPECT_FALSE(walker.access(slot, false)) << "a stale translation";
        EXPECT_THAT(t.slots.entries[slot.value], testing::Each(0u)) << moment;
    }
    EXPECT_GE(moments, 3);
}

TEST(HptClearUsage, AClearWithoutItsFlushIsAPanic) {
    TestTable t;
    ASSERT_TRUE(t.enter({0}, entry_for(1, 1)).has_value());
    EXPECT_DEATH(
        {
            const auto batch = t.table.begin_clear_batch();
            t.table.finish_clear_batch(*batch, {});
        },
        "without its flush");
}

} // namespace
} // namespace transom::hpt

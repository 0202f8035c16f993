// SPDX-License-Identifier: Apache-2.0
#include <dual_call_fixture.hpp>

namespace transom::hcall {
namespace {

using testing::ElementsAre;

TEST_F(DualCall, CallsGoToBothTablesFromTheStartToTheRelease) {
    const AllowedCalls& calls = partition->allowed_calls;
    const auto remove_row = static_cast<std::size_t>(find(static_cast<std::uint64_t>(Op::remove)) - rows().data());
    EXPECT_EQ(calls[remove_row], &h_remove);
    start();
    EXPECT_EQ(calls[remove_row], &h_remove_dual);
    engine.stop();
    pass();
    EXPECT_EQ(engine.advance(), Phase::release);
    EXPECT_EQ(calls[remove_row], &h_remove);
    pass();
    EXPECT_EQ(engine.advance(), Phase::normal);
}

TEST_F(DualCall, WhatAPartitionMayNotCallStaysSo) {
    partition->allowed_calls.allow(papr::FunctionSets::all().without(papr::FunctionSet::bulk));
    start();
    EXPECT_EQ(make(Op::bulk_remove, {papr::bulk::end}), Status::function);
    engine.stop();
    pass();
    engine.advance();
    EXPECT_EQ(make(Op::bulk_remove, {papr::bulk::end}), Status::function);
}

// C1: what TLBs can have of T2 is flushed, and no more.
TEST_F(DualCall, C1_ACallFlushesT2sLpidOnlyWhileT2IsWalked) {
    const auto flushed_by_enter_and_remove = [this] {
        EXPECT_EQ(make(Op::enter, {0, slot, d0_of_page_1, d1}), Status::success);
        machine.flushes_.clear();
        EXPECT_EQ(make(Op::remove, {0, slot, 0}), Status::success);
        std::vector<std::uint32_t> lpids;
        for (const arch::FakeFlush& flush : machine.flushes_)
            lpids.push_back(flush.lpid);
        return lpids;
    };
    start();
    EXPECT_THAT(flushed_by_enter_and_remove(), ElementsAre(second_lpid, 77));
    // Something stays in T2, so that the drain does not end.
    constexpr std::uint64_t other = 5 * 8 + 1;
    ASSERT_EQ(make(Op::enter, {papr::hpt_flag::exact, other, d0_of_page_1, d1}), Status::success);
    touch(true);
    engine.stop();
    EXPECT_THAT(flushed_by_enter_and_remove(), ElementsAre(second_lpid, 77)) << "it is still on T2";
    pass();
    EXPECT_EQ(engine.advance(), Phase::drain);
    EXPECT_THAT(flushed_by_enter_and_remove(), ElementsAre(77));
    machine.flushes_.clear();
    ASSERT_EQ(make(Op::block_remove, {0, papr::bulk::request | other, papr::bulk::end}), Status::success);
    ASSERT_EQ(machine.flushes_.size(), 1u);
    EXPECT_EQ(machine.flushes_[0].lpid, 77u);
    EXPECT_EQ(engine.advance(), Phase::release);
    EXPECT_THAT(flushed_by_enter_and_remove(), ElementsAre(77));
}

// R1, R16 to R18 by the calls themselves, on the fake machine's memory.
TEST_F(DualCall, R16_EachCallShowsWhatWasDoneThroughT2) {
    start();
    ASSERT_EQ(make(Op::enter, {0, slot, d0_of_page_1, d1}), Status::success);
    ASSERT_EQ(output(0), slot);
    touch(true);
    ASSERT_TRUE(has_twin(slot));
    arch::merge_table_word(twin(slot)[1], papr::d1::usage); // as the machine does
    ASSERT_EQ(make(Op::read, {papr::hpt_flag::read_4, slot}), Status::success);
    EXPECT_EQ(output(1), d1 | papr::d1::usage);
    ASSERT_EQ(make(Op::clear_mod, {0, slot}), Status::success);
    EXPECT_EQ(output(0), d1 | papr::d1::usage);
    EXPECT_FALSE(has_twin(slot));
    touch(false);
    ASSERT_EQ(make(Op::clear_ref, {0, slot}), Status::success);
    EXPECT_EQ(output(0), d1 | papr::d1::referenced);
    touch(false);
    ASSERT_EQ(make(Op::protect, {3, slot, 0}), Status::success);
    EXPECT_FALSE(has_twin(slot));
    touch(false);
    arch::merge_table_word(twin(slot)[1], papr::d1::referenced);
    machine.flushes_.clear();
    ASSERT_EQ(make(Op::remove, {papr::hpt_flag::avpn, slot, d0_of_page_1}), Status::success);
    EXPECT_EQ(output(1), (d1 & ~papr::d1::pp) | 3 | papr::d1::referenced);
    EXPECT_EQ(twin(slot), (std::array<std::uint64_t, 2>{}));
    ASSERT_EQ(machine.flushes_.size(), 2u) << "of both LPIDs";
    EXPECT_EQ(machine.flushes_[0].lpid, second_lpid);
    EXPECT_EQ(machine.flushes_[1].lpid, 77u);
}

TEST_F(DualCall, R1_BulkBlockAndClearTakeTheTwinsToo) {
    ASSERT_EQ(make(Op::enter, {0, slot, d0_of_page_1, d1}), Status::success);
    start();
    touch(true);
    ASSERT_EQ(make(Op::bulk_remove, {papr::bulk::request | slot, 0, papr::bulk::end}), Status::success);
    EXPECT_EQ(output(0) & papr::bulk::code, papr::bulk::code_success);
    EXPECT_FALSE(has_twin(slot));
    ASSERT_EQ(make(Op::enter, {0, slot, d0_of_page_1, d1}), Status::success);
    touch(true);
    arch::merge_table_word(twin(slot)[1], papr::d1::usage);
    ASSERT_EQ(make(Op::block_remove, {0, papr::bulk::request | slot, papr::bulk::end}), Status::success);
    EXPECT_EQ(output(0) >> papr::block::usage_shift & papr::d1::usage, papr::d1::usage);
    EXPECT_FALSE(has_twin(slot));
    ASSERT_EQ(make(Op::enter, {0, slot, d0_of_page_1, d1}), Status::success);
    touch(true);
    // R28: it takes several calls for a large table, and ends.
    Status status = Status::continue_;
    for (int i = 0; i < 10 && status == Status::continue_; ++i)
        status = make(Op::clear_hpt, {});
    EXPECT_EQ(status, Status::success);
    EXPECT_EQ(engine.live(), 0u);
}

} // namespace
} // namespace transom::hcall

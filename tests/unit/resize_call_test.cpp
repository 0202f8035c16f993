// SPDX-License-Identifier: Apache-2.0
#include "resize_call_fixture.hpp"

namespace transom::migrate {
namespace {

TEST_F(ResizeCalls, R29_WhatIsNoSizeIsRefused) {
    EXPECT_EQ(call(Op::resize_hpt_prepare, {1, 19}), Status::parameter);
    EXPECT_EQ(prepare(17), Status::parameter);
    EXPECT_EQ(prepare(47), Status::parameter);
    EXPECT_EQ(prepare(std::uint64_t{1} << 32 | 18), Status::parameter);
    EXPECT_EQ(prepare(20), Status::resource); // one above the recommended size is the most
    EXPECT_EQ(prepare(0), Status::success);
    EXPECT_EQ(call(Op::resize_hpt_commit, {1, 19}), Status::parameter);
    EXPECT_EQ(commit(19), Status::closed);
    EXPECT_EQ(commit(0), Status::closed);
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::idle);
}

TEST_F(ResizeCalls, R29_ThePartitionGoesOnWithABiggerTableAndThenASmallerOne) {
    const std::uint64_t slot = enter(7);
    const std::uint64_t d0 = read_d0(slot);
    resized(19);
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
    EXPECT_EQ(read_d0(slot), d0); // 7 has no hash above the old table's
    EXPECT_EQ(call(Op::read, {0, 20000}), Status::success);
    EXPECT_EQ(a.frames.available(), free - table_19 + table_18);
    resized(18);
    EXPECT_EQ(read_d0(slot), d0);
    EXPECT_EQ(call(Op::read, {0, 20000}), Status::parameter);
    EXPECT_EQ(a.frames.available(), free);
    EXPECT_EQ(a.roster.table_totals().drained, 0u);
}

TEST_F(ResizeCalls, R29_ACommitBeforeItIsPreparedIsBusyAndOfAnotherSizeClosed) {
    ASSERT_EQ(prepare(19), Status::long_busy_10_ms);
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
    EXPECT_EQ(commit(19), Status::busy);
    EXPECT_EQ(commit(18), Status::closed);
    work();
    EXPECT_EQ(commit(18), Status::closed);
    EXPECT_EQ(prepare(19), Status::success);
    EXPECT_EQ(prepare(0), Status::success); // cancelled
    EXPECT_EQ(commit(19), Status::closed);
    work();
    EXPECT_EQ(a.frames.available(), free);
}

TEST_F(ResizeCalls, R29_AnotherSizeTakesThePlaceOfTheOneBefore) {
    prepared(18);
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
    work();
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms); // now that the other one is gone
    work();
    EXPECT_EQ(prepare(19), Status::success);
    EXPECT_EQ(a.frames.available(), free - table_19);
}

TEST_F(ResizeCalls, R29_PreparingWaitsForWhoIsInACall) {
    ASSERT_EQ(prepare(19), Status::long_busy_10_ms);
    for (int i = 0; i < 50; ++i)
        a.attendant.run();
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::diverting);
    pass(0);
    a.attendant.run();
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::diverting);
    pass(1);
    a.attendant.run();
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::copying);
}

TEST_F(ResizeCalls, R29_WithoutMemoryItIsAResource) {
    while (a.frames.allocate(kib(64), kib(64), FrameState::hypervisor)) {}
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
    work();
    EXPECT_EQ(commit(19), Status::closed);
    EXPECT_EQ(prepare(19), Status::resource);
}

TEST_F(ResizeCalls, C10_AMigrationThatBeginsDropsWhatIsPrepared) {
    prepared(19);
    ASSERT_TRUE(hold());
    EXPECT_EQ(commit(19), Status::closed);
    EXPECT_EQ(prepare(19), Status::resource);
    EXPECT_EQ(prepare(0), Status::success);
    work();
    EXPECT_EQ(a.frames.available(), free);
    p->dual->resize().let(dual::Holder::migration);
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
}

TEST_F(ResizeCalls, C10_AMigrationDoesNotBeginWhileTheTableChanges) {
    prepared(19);
    committed(19);
    const auto refused = a.mover.move(network, "p", {0x0a4d0002}, migration_port, {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(std::string(refused.error().text()), testing::HasSubstr("changes the size of its page table"));
    work();
    EXPECT_TRUE(hold());
}

TEST_F(ResizeCalls, R28_APartitionMayEndAtAnyStep) {
    for (int turns = 0; turns < 12; ++turns) {
        prepare(19);
        work(turns);
        for (int i = 0; i < turns % 5; ++i) {
            commit(19);
            pass(i % 2);
        }
        go(0);
        go(1);
        a.end("p");
        EXPECT_EQ(a.frames.available(), free_at_start) << turns;
        start();
        EXPECT_EQ(call(Op::read, {0, 0}), Status::success);
    }
}

TEST_F(ResizeCalls, R29_AResizedTableMoves) {
    const std::uint64_t slot = enter(7);
    const std::uint64_t d0 = read_d0(slot);
    resized(19);
    go(0);
    go(1);
    ASSERT_TRUE(move("p"));
    ASSERT_EQ(a.roster.find("p"), nullptr);
    p = b.roster.find("p");
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
    EXPECT_EQ(read_d0(slot), d0);
}

TEST_F(ResizeCalls, C10_AMigrationWaitsForTheMemoryOfWhatWasPrepared) {
    prepared(19);
    // What is left is in pieces: there is room for a second table where the prepared one was only.
    std::vector<RealAddr> pieces;
    while (const auto piece = a.frames.allocate(kib(64), kib(64), FrameState::hypervisor))
        pieces.push_back(*piece);
    for (std::size_t i = 0; i < pieces.size(); i += 2)
        a.frames.release({pieces[i], kib(64)}, FrameState::hypervisor);
    while (a.frames.scrub_one()) {}
    ASSERT_TRUE(a.mover.move(network, "p", {0x0a4d0002}, migration_port, {}));
    for (int i = 0; i < 200; ++i)
        round(); // who is in a call may still put something into the prepared one
    EXPECT_TRUE(a.mover.progress().in_progress()) << a.mover.progress().failure.text();
    go(0);
    go(1);
    a.attendant.run();
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(ResizeCalls, C10_AResizeDoesNotHoldUpTheMoveOfAnother) {
    ASSERT_TRUE(a.mover.move(network, "p", {0x0a4d0002}, migration_port, {}));
    while (!p->dual->has_twins())
        round();
    ASSERT_TRUE(a.mover.cancel());
    do {
        round();
    } while (a.mover.progress().in_progress());
    ASSERT_TRUE(p->dual->has_twins());
    while (p->dual->has_twins()) {
        a.attendant.run(); // the mover has nothing to do, and does not look that it is over
        pass(0);
        pass(1);
    }
    a.build("q");
    prepared(19);
    committed(19);
    ASSERT_TRUE(p->dual->changes_table());
    const auto moves = a.mover.move(network, "q", {0x0a4d0002}, migration_port, {});
    EXPECT_TRUE(moves) << moves.error().text();
}

TEST_F(ResizeCalls, TwoResizesTakeNoMoreOfARoundThanOne) {
    partition::Partition& q = a.build("q");
    ASSERT_EQ(prepare(19), Status::long_busy_10_ms); // 768 KiB, of which a portion is 512
    ASSERT_EQ(q.dual->resize().prepare(q, 18), Status::long_busy_10_ms);
    const auto steps = [&] { return std::pair(p->dual->resize().step(), q.dual->resize().step()); };
    using enum dual::ResizeStep;
    a.attendant.run(); // the half of p's
    EXPECT_EQ(steps(), std::pair(wanted, wanted));
    a.attendant.run(); // q's turn
    EXPECT_EQ(steps(), std::pair(wanted, diverting));
    a.attendant.run();
    EXPECT_EQ(steps(), std::pair(diverting, copying));
    pass(0);
    pass(1);
    a.attendant.run();
    EXPECT_EQ(steps(), std::pair(copying, copying));
    work();
    EXPECT_EQ(steps(), std::pair(prepared, prepared));
}

TEST_F(ResizeCalls, NoResizeIsLogged) {
    const std::size_t lines = machine.log_.size();
    resized(19);
    resized(18);
    while (a.frames.allocate(kib(64), kib(64), FrameState::hypervisor)) {}
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
    work();
    EXPECT_EQ(prepare(19), Status::resource);
    EXPECT_EQ(machine.log_.size(), lines);
}

} // namespace
} // namespace transom::migrate

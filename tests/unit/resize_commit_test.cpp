// SPDX-License-Identifier: Apache-2.0
#include "resize_call_fixture.hpp"

namespace transom::migrate {
namespace {

TEST_F(ResizeCalls, R29_ACommitIsAnsweredWhenAllWalkTheNewTable) {
    const std::uint64_t slot = enter(7, 1);
    begin_to_switch(19);
    pass(0);
    EXPECT_EQ(tables[0], dual::Which::second);
    EXPECT_EQ(tables[1], dual::Which::first);
    EXPECT_FALSE(commit(19));
    EXPECT_EQ(p->hpt.log2_bytes(), 18u);
    // Nobody is to make calls now: who does makes them again.
    EXPECT_FALSE(call(Op::read, {0, slot}, 1));
    EXPECT_FALSE(call(Op::bulk_remove, {0}, 1));
    EXPECT_FALSE(commit(19, 1));
    pass(1);
    EXPECT_EQ(commit(19), Status::success);
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
    EXPECT_EQ(commit(19), Status::closed);
    EXPECT_EQ(call(Op::read, {0, slot}, 1), Status::success); // now of the new table
    EXPECT_EQ(call(Op::remove, {0, slot, 0}, 1), Status::success);
    work();
    EXPECT_EQ(tables[0], dual::Which::first);
    EXPECT_EQ(p->dual->phase(), dual::Phase::normal);
}

TEST_F(ResizeCalls, R31_AProcessorThatIsOutsideIsNotWaitedFor) {
    prepared(19);
    go(1);
    EXPECT_FALSE(commit(19)); // makes calls wait
    pass(0);
    EXPECT_FALSE(commit(19)); // sends processors over
    pass(0);
    EXPECT_EQ(commit(19), Status::success);
    come(1);
    EXPECT_EQ(tables[1], dual::Which::first); // on its own number, which is the new table's by now
}

TEST_F(ResizeCalls, R29_AProcessorOnTheNewTableFaultsInItAsInTheOldOne) {
    begin_to_switch(19);
    pass(0);
    auto& engine = *p->dual;
    using dual::FaultAnswer;
    const auto real = engine.fault_while_changing({0x5000}, true, p->memory, dual::cause::no_entry);
    EXPECT_EQ(real.answer, FaultAnswer::again);
    const auto beyond = engine.fault_while_changing({0x5'0000'0000}, true, p->memory, dual::cause::no_entry);
    EXPECT_EQ(beyond.answer, FaultAnswer::reflect);
    const std::uint64_t cause = dual::cause::no_entry | dual::cause::store;
    const auto own = engine.fault_while_changing({0x5000}, false, p->memory, cause);
    EXPECT_EQ(own.answer, FaultAnswer::reflect);
    EXPECT_EQ(own.cause, cause);
    pass(1);
    EXPECT_EQ(commit(19), Status::success);
}

TEST_F(ResizeCalls, R29_NoRoomForABoltedEntryIsPtegFull) {
    resized(19);
    enter(1);
    enter(1 + 2048); // the group of 1 in a table of 2^18 bytes
    prepared(18);    // Linux takes no such answer from this call
    EXPECT_EQ(commit(18), Status::pteg_full);
    work();
    EXPECT_EQ(a.frames.available(), free - table_19 + table_18);
    EXPECT_EQ(commit(18), Status::closed);
}

TEST_F(ResizeCalls, R29_NoRoomForOneThatComesLaterIsPtegFullAtTheCommit) {
    resized(19);
    enter(1);
    prepared(18);
    enter(1 + 2048);
    EXPECT_EQ(commit(18), Status::pteg_full);
    EXPECT_EQ(commit(18), Status::closed);
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
}

TEST_F(ResizeCalls, R29_NobodyWalksTheNewTableWhileACallIsUnderWay) {
    prepared(19);
    const std::uint64_t slot = enter(7, 1);
    EXPECT_FALSE(commit(19));
    pass(0);
    EXPECT_FALSE(commit(19));
    a.attendant.run();
    EXPECT_EQ(p->dual->resize().step(),
              dual::ResizeStep::closing); // processor 1 may be in a call that changes a bolted entry
    pass(0);
    EXPECT_EQ(tables[0], dual::Which::first);
    pass(1);
    EXPECT_EQ(tables[1], dual::Which::first);
    EXPECT_FALSE(call(Op::read, {0, slot}, 1)); // a new one is made again
    a.attendant.run();
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::switching);
}

TEST_F(ResizeCalls, R29_NoRoomForOneOfACallThatWasUnderWayIsPtegFull) {
    resized(19);
    enter(1);
    for (const bool attendant_sees_it : {false, true}) {
        prepared(18);
        EXPECT_FALSE(commit(18));
        pass(0);
        const std::uint64_t late = enter_late(1 + 2048);
        pass(1);
        if (attendant_sees_it)
            work();
        EXPECT_EQ(commit(18), Status::pteg_full);
        EXPECT_EQ(commit(18), Status::closed);
        EXPECT_EQ(p->hpt.log2_bytes(), 19u);
        EXPECT_EQ(call(Op::remove, {0, late, 0}), Status::success);
        work();
        EXPECT_EQ(a.frames.available(), free - table_19 + table_18);
    }
}

TEST_F(ResizeCalls, R29_WhatIsCommittedIsNotPutOff) {
    prepared(19);
    EXPECT_FALSE(commit(19));
    EXPECT_EQ(prepare(18), Status::long_busy_10_ms);
    EXPECT_EQ(prepare(0), Status::success);
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::closing);
    work();
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
    EXPECT_EQ(commit(19), Status::success);
}

TEST_F(ResizeCalls, C10_AMigrationDoesNotBeginBeforeTheCommitIsAnswered) {
    prepared(19);
    const auto is_refused = [&] {
        const auto moves = a.mover.move(network, "p", {0x0a4d0002}, migration_port, {.mode = MoveMode::stop_and_copy});
        EXPECT_TRUE(moves || std::string(moves.error().text()).find("size of its page table") != std::string::npos);
        return !moves;
    };
    EXPECT_FALSE(commit(19));
    EXPECT_TRUE(is_refused());
    work(); // it is all done, but for the answer
    ASSERT_EQ(p->dual->resize().step(), dual::ResizeStep::idle);
    EXPECT_TRUE(is_refused());
    EXPECT_EQ(commit(19), Status::success);
    EXPECT_FALSE(is_refused());
}

TEST_F(ResizeCalls, C10_AMigrationDoesNotWaitForEverForACommitToBeMadeAgain) {
    prepared(19);
    EXPECT_FALSE(commit(19));
    work();
    EXPECT_FALSE(hold());
    machine.advance(twin_facts.timebase_frequency);
    EXPECT_TRUE(hold());
}

TEST_F(ResizeCalls, ProcessorsThatComeBackFromTheNewTableAreNotCountedAsAMigrations) {
    begin_to_switch(19);
    EXPECT_EQ(p->dual->enter(0, 0).table, dual::Which::second);
    EXPECT_FALSE(p->dual->enter(0, 0).comes_back);
}

} // namespace
} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#include <dual_drain_fixture.hpp>

namespace transom::dual {
namespace {

using papr::Ptex;
constexpr std::uint64_t C = papr::d1::changed, R = papr::d1::referenced;

class DualLife : public DualDrain {};

INSTANTIATE_TEST_SUITE_P(Formats, DualLife, hpt::every_format, hpt::format_name);

TEST_P(DualLife, R27_ASecondMigrationIsRefusedUntilTheFirstIsOver) {
    fill(3);
    EXPECT_FALSE(s.start());
    s.to_drain();
    EXPECT_FALSE(s.start());
    s.sweep();
    s.engine.advance();
    EXPECT_EQ(s.engine.phase(), Phase::release);
    EXPECT_FALSE(s.start());
    s.pass_all();
    s.engine.advance();
    const std::uint64_t epoch = s.engine.epoch();
    s.to_dual();
    EXPECT_EQ(s.engine.epoch(), epoch + 1);
    EXPECT_EQ(s.engine.counters().fills, 0u);
    expect_usage();
}

// R28, C10: H_CLEAR_HPT in any phase leaves nothing of the partition's in T2.
TEST(DualClear, R28_ClearingTheTableClearsBoth) {
    for (int phase = 0; phase < 3; ++phase) {
        DualScene one;
        for (unsigned i = 0; i < 10; ++i)
            one.enter(Page{7, i});
        one.to_dual();
        for (unsigned i = 0; i < 10; ++i)
            one.store(0, Page{7, i});
        if (phase == 1)
            one.engine.stop();
        if (phase == 2)
            one.to_drain();
        one.clear_table();
        EXPECT_TRUE(one.second_is_zero());
        EXPECT_EQ(one.engine.live(), 0u);
        EXPECT_EQ(one.load(0, Page{7, 1}), cause::no_entry);
        for (const auto& [page, count] : one.pages.count)
            EXPECT_EQ(count, 0) << page;
        one.engine.stop();
        one.pass_all();
        EXPECT_EQ(one.engine.advance(), Phase::release);
    }
}

// C10: a clearing that began at T1 alone goes on where it was.
TEST(DualClear, C10_AClearingGoesOnOverTheStartOfAMigration) {
    DualScene s;
    ASSERT_TRUE(s.table.begin_clear());
    auto batch = s.table.begin_clear_batch();
    ASSERT_TRUE(batch.has_value());
    s.table.finish_clear_batch(*batch, {});
    s.table.end_clear();
    s.to_dual();
    ASSERT_TRUE(s.engine.table().begin_clear());
    EXPECT_FALSE(s.table.begin_clear()) << "one at a time, whichever way";
    batch = s.engine.table().begin_clear_batch();
    EXPECT_EQ(batch->first, Ptex{hpt::ClearBatch::size});
    s.engine.table().finish_clear_batch(*batch, {});
    s.engine.table().end_clear();
}

TEST_P(DualLife, R28_AResetEndsEverythingAtOnce) {
    fill(20);
    for (unsigned i = 0; i < 2; ++i)
        s.engine.leave(i);
    s.engine.abandon();
    EXPECT_EQ(s.engine.phase(), Phase::normal);
    EXPECT_FALSE(s.engine.active());
    EXPECT_FALSE(s.calls.diverted);
    EXPECT_TRUE(s.second_is_zero());
    for (const auto& [page, count] : s.pages.count)
        EXPECT_EQ(count, 0) << page;
    s.to_dual();
    EXPECT_EQ(s.load(0, Page{7, 1}), 0u);
}

// R31: processors that start, stop and cede, in any phase.
TEST(DualProcessors, R31_AProcessorThatIsOutsideIsWaitedForByNobody) {
    DualScene s{{}, 3};
    const Ptex slot = s.enter(Page{1, 1});
    ASSERT_TRUE(s.start());
    EXPECT_EQ(s.engine.awaited(), 7u);
    s.engine.leave(2); // ceded or stopped
    s.engine.leave(0);
    s.enter_partition(0);
    EXPECT_EQ(s.engine.awaited(), 2u);
    EXPECT_EQ(s.engine.advance(), Phase::normal);
    EXPECT_EQ(s.pointed_at[0], Which::first);
    s.engine.leave(1);
    EXPECT_EQ(s.engine.advance(), Phase::dual);
    s.enter_partition(1);
    s.enter_partition(2); // started
    EXPECT_EQ(s.pointed_at[2], Which::second);
    EXPECT_EQ(s.store(2, Page{1, 1}), 0u);
    s.engine.leave(2);
    s.engine.leave(1);
    s.engine.stop();
    EXPECT_EQ(s.engine.advance(), Phase::drain) << "nobody walks T2: one has never looked";
    s.enter_partition(2);
    EXPECT_EQ(s.pointed_at[2], Which::first);
    EXPECT_EQ(s.usage(slot), R | C);
    s.sweep();
    EXPECT_EQ(s.engine.advance(), Phase::release);
}

TEST(DualProcessors, ACallThatBeganAtT1AloneIsOverBeforeAnythingIsInT2) {
    DualScene s;
    s.enter(Page{1, 1});
    ASSERT_TRUE(s.start());
    EXPECT_TRUE(s.calls.diverted);
    EXPECT_EQ(s.engine.advance(), Phase::normal) << "both were inside";
    EXPECT_EQ(s.load(0, Page{1, 1}), 0u);
    EXPECT_TRUE(s.second_is_zero());
    // Stopped before it has begun.
    s.engine.stop();
    s.pass_all();
    EXPECT_EQ(s.engine.advance(), Phase::release);
    s.pass_all();
    EXPECT_EQ(s.engine.advance(), Phase::normal);
}

// C11: whose tables share an LPID has its TLB emptied at each change, and only then.
TEST(DualProcessors, C11_AChangeOfTheTableAsksForAFlush) {
    Engine<hpt::RecordedSlots> engine;
    EXPECT_FALSE(engine.enter(3).flush);
    engine.twins().phase.move(Phase::dual);
    Entry entry = engine.enter(3);
    EXPECT_EQ(entry.table, Which::second);
    EXPECT_TRUE(entry.flush);
    EXPECT_FALSE(engine.enter(3).flush);
    engine.twins().phase.move(Phase::switching);
    entry = engine.enter(3);
    EXPECT_EQ(entry.table, Which::first);
    EXPECT_TRUE(entry.flush);
    EXPECT_FALSE(engine.enter(3).flush);
}

} // namespace
} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#include <dual_fixture.hpp>

namespace transom::dual {
namespace {

using papr::Ptex;
constexpr std::uint64_t C = papr::d1::changed, R = papr::d1::referenced;

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

// Its way back is counted, even where it stays outside until all is over.
TEST(DualProcessors, AProcessorThatGoesToT2OfAMigrationComesBack) {
    DualScene s;
    EXPECT_FALSE(s.engine.enter(0, 0).comes_back);
    ASSERT_TRUE(s.start());
    s.pass_all();
    ASSERT_EQ(s.engine.advance(), Phase::dual);
    EXPECT_TRUE(s.engine.enter(0, 0).comes_back);
    s.engine.stop();
    EXPECT_FALSE(s.engine.enter(0, 0).comes_back);
}

// Who leads the move may count on it only when nobody walks T1 any more.
TEST(DualProcessors, P1_AllStoresAreSeenWhenEverybodyInsideIsOnT2) {
    DualScene s{{}, 3};
    s.enter(Page{1, 1});
    ASSERT_TRUE(s.start());
    s.engine.leave(2);
    for (unsigned i = 0; i < 2; ++i) {
        s.engine.leave(i);
        s.enter_partition(i);
    }
    ASSERT_EQ(s.engine.advance(), Phase::dual);
    EXPECT_EQ(s.engine.awaited(), 3u) << "they came in before, and set C in T1";
    EXPECT_FALSE(s.engine.all_on_second());
    EXPECT_EQ(s.store(0, Page{1, 1}), 0u);
    EXPECT_TRUE(s.pages.count.empty());
    for (unsigned i = 0; i < 2; ++i) {
        EXPECT_FALSE(s.engine.all_on_second());
        s.engine.leave(i);
        s.enter_partition(i);
    }
    EXPECT_TRUE(s.engine.all_on_second());
    EXPECT_EQ(s.engine.awaited(), 0u);
    s.enter_partition(2);
    EXPECT_TRUE(s.engine.all_on_second());
    s.engine.stop();
    EXPECT_FALSE(s.engine.all_on_second());
}

// C11: by two LPIDs a TLB tells the tables apart.
TEST(DualProcessors, C11_TwoLpidsNeedNoFlushAtAChangeOfTheTable) {
    DualScene s;
    s.to_dual();
    EXPECT_EQ(s.pointed_at[0], Which::second);
    s.engine.leave(0);
    EXPECT_FALSE(s.engine.enter(0, 5).flush);
    s.engine.stop();
    s.engine.leave(0);
    const Entry entry = s.engine.enter(0, 5);
    EXPECT_EQ(entry.table, Which::first);
    EXPECT_FALSE(entry.flush);
}

// C11: with one LPID it has to forget the other table, and only that.
TEST(DualProcessors, C11_OneLpidNeedsAFlushWhereThatTlbHasTheOtherTable) {
    DualScene s{{}, 3, true};
    Engine<hpt::RecordedSlots>& engine = s.engine;
    s.to_dual();
    for (unsigned i = 0; i < 3; ++i)
        engine.leave(i);
    EXPECT_FALSE(engine.enter(0, 1).flush) << "another one has brought it T2";
    EXPECT_FALSE(engine.enter(0, 1).flush);
    EXPECT_TRUE(engine.enter(1, 7).flush) << "it has never had T2";
    engine.stop();
    engine.leave(1);
    Entry entry = engine.enter(1, 2);
    EXPECT_EQ(entry.table, Which::first);
    EXPECT_TRUE(entry.flush);
    engine.leave(1);
    EXPECT_FALSE(engine.enter(1, 9).flush) << "it has T1 only";
    engine.leave(0);
    EXPECT_TRUE(engine.enter(0, 7).flush) << "what the other one left there";
    // The next T2 is another table, whatever was there last.
    engine.leave(0);
    engine.leave(1);
    EXPECT_EQ(engine.advance(), Phase::normal);
    EXPECT_FALSE(engine.active());
    ASSERT_TRUE(s.start());
    ASSERT_EQ(engine.advance(), Phase::dual);
    EXPECT_TRUE(engine.enter(0, 1).flush) << "it was in the last T2, and nowhere since";
}

TEST(DualProcessors, C11_ATlbIsAPhysicalProcessorsNotAVirtualOnes) {
    DualScene s{{}, 2, true};
    s.enter(Page{1, 1});
    s.to_dual();
    EXPECT_EQ(s.load(0, Page{1, 1}), 0u); // T2's entry, without stores
    s.engine.stop();
    s.engine.leave(1);
    s.enter_partition(1);
    EXPECT_EQ(s.pointed_at[1], Which::first);
    s.engine.leave(0);
    s.engine.leave(1);
    s.runs_on[1] = 0;
    s.enter_partition(1);
    EXPECT_EQ(s.store(1, Page{1, 1}), 0u) << "its table has not changed, but its TLB has";
}

// A grace period by words that only their processors write.
TEST(DualProcessors, AGracePeriodWaitsForWhomItFoundInside) {
    PhaseWord phase;
    Walkers<> walkers;
    walkers.enter(1, phase);
    walkers.enter(63, phase);
    walkers.enter(5, phase);
    walkers.leave(5);
    EXPECT_EQ(walkers.inside(), std::uint64_t{1} << 63 | 2);
    EXPECT_EQ(walkers.awaited(), 0u);
    walkers.begin_grace();
    EXPECT_EQ(walkers.awaited(), walkers.inside());
    walkers.enter(5, phase); // comes later
    walkers.leave(1);
    walkers.enter(1, phase);
    EXPECT_EQ(walkers.awaited(), std::uint64_t{1} << 63);
    walkers.enter(63, phase); // has looked again
    EXPECT_EQ(walkers.awaited(), 0u);
    EXPECT_EQ(walkers.may_walk_second(), 0u);
    EXPECT_EQ(walkers.may_walk_first(), walkers.inside());
}

} // namespace
} // namespace transom::dual

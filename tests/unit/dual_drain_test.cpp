// SPDX-License-Identifier: Apache-2.0
#include <dual_drain_fixture.hpp>
#include <transom/dual/table_totals.hpp>

namespace transom::dual {
namespace {

constexpr std::uint64_t C = papr::d1::changed, R = papr::d1::referenced;

INSTANTIATE_TEST_SUITE_P(Formats, DualDrain, hpt::every_format, hpt::format_name);

TEST_P(DualDrain, R3_TheSweepAloneEmptiesT2) {
    fill(100);
    s.to_drain();
    const Swept swept = s.sweep();
    EXPECT_EQ(swept.entries, 100u);
    EXPECT_TRUE(swept.at_end);
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(s.engine.advance(), Phase::release);
    EXPECT_FALSE(s.calls.diverted);
    s.pass_all();
    EXPECT_EQ(s.engine.advance(), Phase::normal);
    EXPECT_FALSE(s.engine.active());
    for (const auto& [page, count] : s.pages.count)
        EXPECT_EQ(count, 0) << page;
}

TEST_P(DualDrain, R4_T1GetsExactlyTheCThatT2Has) {
    fill(64);
    s.to_drain();
    s.sweep();
    EXPECT_EQ(s.engine.counters().rc_merged, 32u);
    EXPECT_EQ(s.engine.counters().mismatches, 0u);
    s.engine.advance();
    s.pass_all();
    s.engine.advance();
    expect_usage();
}

TEST_P(DualDrain, R4_WhatDoesNotArriveInT1IsCounted) {
    fill(64);
    s.to_drain();
    s.sweep({.groups = 32, .ticks = ~std::uint64_t{0}});
    EXPECT_EQ(s.engine.counters().rc_mismatches, 0u);
    const std::uint64_t left = s.twins();
    ASSERT_GT(left, 0u);
    s.slots.loses_merges = true;
    s.sweep();
    EXPECT_EQ(s.engine.counters().rc_mismatches, left);
}

// R5, R11: each processor by itself; from its switch on it leaves nothing in T2.
TEST_P(DualDrain, R5_AProcessorThatHasSwitchedSetsBitsInT1Only) {
    fill(8);
    s.engine.stop();
    s.engine.leave(0);
    s.enter_partition(0);
    EXPECT_EQ(s.pointed_at[0], Which::first);
    const auto before = s.second.entries;
    for (unsigned i = 0; i < 8; ++i)
        EXPECT_EQ(s.store(0, Page{7, i}), 0u);
    EXPECT_EQ(s.second.entries, before);
    EXPECT_EQ(s.engine.advance(), Phase::switching) << "the other one still walks T2";
}

TEST_P(DualDrain, R11_ProcessorsOnDifferentTablesLoseNothing) {
    fill(8);
    s.engine.stop();
    s.engine.leave(0);
    s.enter_partition(0);
    // Page 1 has been loaded only, and its twin permits no store.
    EXPECT_EQ(s.store(1, Page{7, 2}), 0u);
    EXPECT_EQ(s.store(0, Page{7, 1}), 0u);
    EXPECT_EQ(s.usage(slots[1]), R | C);
    // L7: both have stored to one page, then it is removed.
    EXPECT_EQ(s.store(0, Page{7, 4}), 0u);
    EXPECT_EQ(s.store(1, Page{7, 4}), 0u);
    EXPECT_EQ(s.remove(slots[4])->d1 & C, C);
    EXPECT_EQ(s.store(0, Page{7, 4}), cause::no_entry | cause::store);
    EXPECT_EQ(s.pointed_at[1], Which::second);
    EXPECT_EQ(s.store(1, Page{7, 4}), cause::no_entry | cause::store);
    EXPECT_EQ(s.pointed_at[1], Which::first) << "the miss has switched it";
    s.check_subset();
}

TEST_P(DualDrain, R6_TheSweepTakesAsManyIntervalsAsThereArePortions) {
    fill(200);
    s.to_drain();
    const std::uint64_t groups = s.table.slot_count() / 8;
    for (const std::uint64_t portion : {100u, 64u, 2048u, 3u}) {
        std::uint64_t intervals = 0, passed = 0;
        for (Swept swept; !swept.at_end; ++intervals) {
            swept = s.sweep({.groups = portion, .ticks = ~std::uint64_t{0}});
            passed += swept.groups;
        }
        EXPECT_EQ(intervals, (groups + portion - 1) / portion);
        EXPECT_EQ(passed, groups) << "none twice, none left out";
    }
    EXPECT_TRUE(s.second_is_zero());
}

TEST_P(DualDrain, R7_EachEntryIsDrainedOnceByACallOrByTheSweep) {
    fill(96);
    s.to_drain();
    ASSERT_EQ(s.twins(), 96u);
    for (unsigned i = 0; s.engine.live() != 0; ++i) {
        if (i % 3 == 0 && i < 96) {
            ASSERT_TRUE(s.remove(slots[i]).has_value());
        }
        s.sweep({.groups = 7, .ticks = ~std::uint64_t{0}});
    }
    const Counters& counters = s.engine.counters();
    EXPECT_GT(counters.drained_by_calls, 0u);
    EXPECT_EQ(counters.drained_by_calls + counters.drained_by_sweep, 96u);
    EXPECT_EQ(s.engine.live_at_switch(), 96u);
}

// R8, C3, C9: a slot that is locked is passed over, and the next round finds it.
TEST_P(DualDrain, R8_TheSweepWaitsForNoLock) {
    fill(16);
    s.to_drain();
    s.slots.entries[slots[5].value][0] |= 0x40;
    Swept swept = s.sweep();
    EXPECT_EQ(swept.entries, 15u);
    EXPECT_EQ(swept.deferred, 1u);
    EXPECT_EQ(s.engine.advance(), Phase::drain);
    s.slots.entries[slots[5].value][0] &= ~std::uint64_t{0x40};
    swept = s.sweep();
    EXPECT_EQ(swept.entries, 1u);
    EXPECT_EQ(s.engine.advance(), Phase::release);
    expect_usage();
}

// C3: one flush after the last switch, and then none for each entry.
TEST_P(DualDrain, C3_TheDrainNeedsNoFlushAfterTheSwitch) {
    fill(40);
    s.engine.stop();
    s.pass_all();
    const std::uint64_t before = s.flushes;
    EXPECT_EQ(s.engine.advance(), Phase::drain);
    EXPECT_EQ(s.flushes, before + 2) << "of both LPIDs";
    for (const Mmu& mmu : s.mmus)
        EXPECT_EQ(mmu.held(s.second_lpid), 0u);
    s.sweep();
    EXPECT_EQ(s.flushes, before + 2);
}

// R7: a call that began before the drain and ends in it is one of those that the drain has found.
TEST_P(DualDrain, R7_ACallOverTheBeginningOfTheDrainIsCountedOnce) {
    fill(10);
    s.engine.stop();
    auto early = s.engine.table().begin_remove({slots[0], {}});
    auto late = s.engine.table().begin_remove({slots[1], {}});
    ASSERT_TRUE(early && late);
    const hpt::Flushed flushed_early = s.discharge(early->obligation()), flushed_late = s.discharge(late->obligation());
    s.engine.table().finish_remove(std::move(*early), flushed_early);
    s.pass_all();
    EXPECT_EQ(s.engine.advance(), Phase::drain);
    s.engine.table().finish_remove(std::move(*late), flushed_late);
    s.sweep();
    const Counters& counters = s.engine.counters();
    EXPECT_EQ(s.engine.live_at_switch(), 9u);
    EXPECT_EQ(counters.dropped_by_calls, 1u);
    EXPECT_EQ(counters.drained_by_calls, 1u);
    EXPECT_EQ(counters.drained_by_sweep, 8u);
}

TEST_P(DualDrain, R21_AnIdlePartitionsT2IsGoneAfterAFixedNumberOfIntervals) {
    fill(30);
    s.to_drain();
    const Portion portion{.groups = 256};
    unsigned intervals = 0;
    while (s.engine.advance() == Phase::drain) {
        s.sweep(portion);
        ++intervals;
    }
    EXPECT_LE(intervals, s.table.slot_count() / 8 / portion.groups);
}

TEST_P(DualDrain, R22_AnIntervalEndsWhenItsTimeIsUp) {
    fill(200);
    s.to_drain();
    std::uint64_t ticks = 0;
    const auto clock = [&] { return ticks += 10; };
    const Swept swept = s.engine.sweep({.groups = 100000, .ticks = 25}, Fold::evict, clock);
    EXPECT_FALSE(swept.at_end);
    EXPECT_EQ(ticks, 40u) << "looked at after each group";
    EXPECT_EQ(s.engine.counters().drained_by_sweep, swept.entries);
    while (s.engine.live() != 0)
        s.engine.sweep({.groups = 100000, .ticks = 25}, Fold::evict, clock);
    expect_usage();
}

// R10: what a switch costs does not depend on the table.
TEST(DualSwitch, R10_TheLongestHaltIsKept) {
    DualScene s;
    s.to_dual();
    s.engine.count_switch(SwitchWay::by_fault, {40, 9});
    s.engine.count_switch(SwitchWay::by_fault, {70, 3});
    s.engine.count_switch(SwitchWay::on_entry, {50, 4});
    s.engine.count_fault(11);
    s.engine.count_fault(12);
    EXPECT_EQ(s.engine.counters().switches, 3u);
    EXPECT_EQ(s.engine.counters().longest_fault_halt, 70u);
    EXPECT_EQ(s.engine.counters().longest_entry_halt, 50u);
    TableTotals totals;
    totals.add_drained(s.engine.counters(), 5, 77);
    EXPECT_EQ(totals.last_fault_halt, 70u);
    EXPECT_EQ(totals.last_entry_halt, 50u);
    EXPECT_EQ(totals.last_halt_ticks, 9u);
    EXPECT_EQ(totals.last_drain_ticks, 77u);
    EXPECT_EQ(totals.fault_ticks, 23u);
    totals.add_ended(s.engine.counters());
    EXPECT_EQ(totals.switches, 6u);
    EXPECT_EQ(totals.drained, 1u);
    EXPECT_EQ(totals.live_at_switch, 5u);
}

TEST(DualSwitch, R10_ASwitchTouchesNoSlot) {
    DualScene s;
    for (unsigned i = 0; i < 50; ++i)
        s.enter(Page{7, i});
    s.to_dual();
    for (unsigned i = 0; i < 50; ++i)
        s.store(0, Page{7, i});
    s.slots.events.clear();
    s.second.events.clear();
    s.engine.stop();
    s.pass_all();
    EXPECT_EQ(s.engine.advance(), Phase::drain);
    EXPECT_TRUE(s.slots.events.empty());
    EXPECT_TRUE(s.second.events.empty());
}

// C4: a twin without its entry goes, and is counted; T1 gets nothing from it.
TEST_P(DualDrain, C4_ATwinOfSomethingElseGoesWithoutATrace) {
    fill(4);
    s.slots.entries[slots[0].value][0] ^= std::uint64_t{1} << 20;
    s.slots.entries[slots[0].value][1] &= ~(R | C);
    s.to_drain();
    s.sweep();
    EXPECT_EQ(s.engine.counters().mismatches, 1u);
    EXPECT_EQ(s.slots.entries[slots[0].value][1] & (R | C), 0u);
    EXPECT_TRUE(s.second_is_zero());
}

// C2, C5: whoever comes second finds nothing left.
TEST_P(DualDrain, C5_ASlotThatACallHasDrainedIsNothingToTheSweep) {
    fill(2);
    s.to_drain();
    EXPECT_EQ(s.clear(slots[0], C).value() & C, C);
    EXPECT_EQ(s.sweep().entries, 1u);
    EXPECT_EQ(s.usage(slots[0]), R);
}

} // namespace
} // namespace transom::dual

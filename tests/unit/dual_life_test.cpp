// SPDX-License-Identifier: Apache-2.0
#include <dual_drain_fixture.hpp>

namespace transom::dual {
namespace {

using papr::Ptex;

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

// The memory is its owner's again.
TEST_P(DualLife, NothingIsKnownOfATableThatIsOver) {
    for (const bool by_force : {false, true}) {
        s.zero_second();
        s.to_dual();
        s.load(0, Page{7, 1});
        if (by_force) {
            for (unsigned i = 0; i < 2; ++i)
                s.engine.leave(i);
            s.engine.abandon();
        } else {
            s.to_drain();
            s.sweep();
            s.engine.advance();
            s.pass_all();
            s.engine.advance();
        }
        ASSERT_FALSE(s.engine.active());
        const Twins& twins = s.engine.twins();
        EXPECT_FALSE(twins.groups.on() || twins.usage.on() || twins.sections.on());
        EXPECT_EQ(twins.pages, nullptr);
        EXPECT_EQ(s.engine.table().slot_count(), 0u);
    }
}

// R28, C10: in one action, whatever is in T2: it is not even looked at.
TEST_P(DualLife, R28_AResetEndsEverythingAtOnce) {
    fill(20);
    for (unsigned i = 0; i < 2; ++i)
        s.engine.leave(i);
    const std::uint64_t epoch = s.engine.epoch(), flushes = s.flushes;
    s.second.events.clear();
    s.engine.abandon();
    EXPECT_TRUE(s.second.events.empty());
    EXPECT_EQ(s.twins(), 20u) << "the owner of the memory scrubs it";
    EXPECT_GT(s.flushes, flushes) << "and no TLB has anything of it";
    EXPECT_EQ(s.engine.phase(), Phase::normal);
    EXPECT_EQ(s.engine.epoch(), epoch + 1);
    EXPECT_FALSE(s.engine.active());
    EXPECT_FALSE(s.calls.diverted);
    EXPECT_EQ(s.engine.advance(), Phase::normal);
    EXPECT_EQ(s.sweep().entries, 0u);
    s.zero_second();
    s.to_dual();
    EXPECT_EQ(s.engine.live(), 0u);
    EXPECT_EQ(s.load(0, Page{7, 1}), 0u);
    EXPECT_EQ(s.engine.live(), 1u);
}

// R28: in any phase; where it was nowhere, nothing happens.
TEST(DualAbandon, R28_AResetComesInAnyPhase) {
    for (int phase = 0; phase < 6; ++phase) {
        DualScene s;
        for (unsigned i = 0; i < 10; ++i)
            s.enter(Page{7, i});
        if (phase == 1) {
            ASSERT_TRUE(s.start());
        } else if (phase > 1) {
            s.to_dual();
            for (unsigned i = 0; i < 10; ++i)
                EXPECT_EQ(s.store(0, Page{7, i}), 0u);
        }
        if (phase == 3)
            s.engine.stop();
        if (phase >= 4)
            s.to_drain();
        if (phase == 5) {
            s.sweep();
            ASSERT_EQ(s.engine.advance(), Phase::release) << "empty, and somebody may still look into it";
        }
        for (unsigned i = 0; i < 2; ++i)
            s.engine.leave(i);
        const std::uint64_t epoch = s.engine.epoch();
        s.engine.abandon();
        EXPECT_EQ(s.engine.epoch(), epoch + (phase == 0 ? 0 : 1)) << phase;
        EXPECT_EQ(s.engine.phase(), Phase::normal) << phase;
        EXPECT_FALSE(s.engine.active());
        EXPECT_FALSE(s.calls.diverted);
        s.zero_second();
        for (unsigned i = 0; i < 2; ++i)
            s.enter_partition(i);
        EXPECT_EQ(s.load(0, Page{7, 1}), 0u) << phase;
        s.to_dual();
        EXPECT_EQ(s.store(0, Page{7, 1}), 0u) << phase;
        s.check_subset();
    }
}

std::vector<TracePoint> transitions_of(DualScene& s) {
    std::vector<TracePoint> points;
    while (const auto point = s.engine.take_transition())
        points.push_back(*point);
    return points;
}

TEST_P(DualLife, R33_EachTransitionIsNotedWithItsTimeCursorAndCounts) {
    s.machine.step_ = 10; // time goes by
    fill(20);
    EXPECT_TRUE(s.engine.have_all_come());
    EXPECT_TRUE(s.engine.have_all_come()) << "and is noted once";
    s.sweep({.groups = 3, .ticks = ~std::uint64_t{0}}, Fold::read_only);
    s.to_drain();
    s.sweep();
    s.engine.advance();
    s.pass_all();
    ASSERT_EQ(s.engine.advance(), Phase::normal);
    ASSERT_TRUE(s.engine.transition_waits());
    const auto points = transitions_of(s);
    EXPECT_FALSE(s.engine.transition_waits());
    struct Expected {
        Transition what;
        Phase phase;
        std::uint64_t cursor, live, fills, by_sweep;
    };
    const std::vector<Expected> expected = {
        {Transition::begins, Phase::normal, 0, 0, 0, 0},        {Transition::phase, Phase::dual, 0, 0, 0, 0},
        {Transition::all_on_second, Phase::dual, 0, 20, 20, 0}, {Transition::phase, Phase::switching, 3, 20, 20, 0},
        {Transition::phase, Phase::drain, 0, 20, 20, 0},        {Transition::phase, Phase::release, 0, 0, 20, 20},
        {Transition::phase, Phase::normal, 0, 0, 20, 20},
    };
    ASSERT_EQ(points.size(), expected.size());
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        EXPECT_EQ(points[i].what, expected[i].what) << i;
        EXPECT_EQ(points[i].phase, expected[i].phase) << i;
        EXPECT_EQ(points[i].cursor, expected[i].cursor) << i;
        EXPECT_EQ(points[i].live, expected[i].live) << i;
        EXPECT_EQ(points[i].fills, expected[i].fills) << i;
        EXPECT_EQ(points[i].drained_by_sweep, expected[i].by_sweep) << i;
        EXPECT_EQ(points[i].drained_by_calls, 0u) << i;
        EXPECT_GE(points[i].faults, points[i].fills) << i;
        EXPECT_GT(points[i].at, before) << i;
        before = points[i].at;
    }
}

TEST_P(DualLife, R33_AnEndByForceIsATransitionToo) {
    fill(5);
    for (unsigned i = 0; i < 2; ++i)
        s.engine.leave(i);
    transitions_of(s);
    s.engine.abandon();
    s.engine.abandon(); // there is nothing to end any more
    const auto points = transitions_of(s);
    ASSERT_EQ(points.size(), 1u);
    EXPECT_EQ(points[0].what, Transition::abandoned);
    EXPECT_EQ(points[0].phase, Phase::dual);
    EXPECT_EQ(points[0].live, 5u);
}

TEST(DualTransitions, R33_WhereNobodyTakesThemTheLastOnesStay) {
    Transitions transitions;
    EXPECT_FALSE(transitions.take());
    for (std::uint64_t i = 0; i < Transitions::capacity + 5; ++i)
        transitions.add({.at = i});
    EXPECT_TRUE(transitions.waiting());
    for (std::uint64_t i = 5; i < Transitions::capacity + 5; ++i)
        EXPECT_EQ(transitions.take()->at, i);
    EXPECT_FALSE(transitions.take());
    EXPECT_FALSE(transitions.waiting());
}

TEST(DualAbandon, R28_NobodyIsInsideMeanwhile) {
    DualScene s;
    s.to_dual();
    EXPECT_DEATH(s.engine.abandon(), "from under a processor");
}

} // namespace
} // namespace transom::dual

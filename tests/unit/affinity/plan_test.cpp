// SPDX-License-Identifier: Apache-2.0
#include "system.hpp"

#include <gmock/gmock.h>
#include <numeric>

namespace transom::affinity {
namespace {

const Metric& composite = metric(Formula::composite);

constexpr unsigned rounds = 40;

SystemKind kind_of(std::uint64_t seed, double most_full = 0.97) {
    return {.nodes = 2 + seed % 4, .partitions = 3 + seed % 11, .most_full = most_full, .most_processors = 3};
}

/// Carries out steps as a mover would, on an allocation of its own.
class Walk {
  public:
    Walk(const Allocation& current) : current_(current), owned_(current.nodes(), current.partitions()) {
        owned_->copy(current);
    }

    void take(const Step& step) {
        const std::uint32_t unit = current_.partitions()[step.partition].size.per_processor;
        switch (step.what) {
        case Step::What::memory:
            return owned_->move_memory(step.partition, step.from, step.to, step.count);
        case Step::What::processors:
            return owned_->move_processing(step.partition, step.from, step.to, step.count * unit);
        case Step::What::page_table:
            EXPECT_EQ(owned_->place(step.partition).page_table, step.from);
            return owned_->move_page_table(step.partition, step.to);
        }
    }
    const Allocation& now() const { return *owned_; }

  private:
    const Allocation& current_;
    OwnedAllocation owned_;
};

bool same(const Allocation& a, const Allocation& b) {
    for (std::size_t p = 0; p < a.partitions().size(); ++p)
        if (!std::ranges::equal(a.place(p).on, b.place(p).on) || a.place(p).page_table != b.place(p).page_table)
            return false;
    return true;
}

TEST(AffinityPlan, R82_EachStepLeavesEverybodyWhereHeMayBe) {
    std::size_t steps = 0, exchanges = 0;
    for (std::uint64_t seed = 0; seed < rounds; ++seed) {
        System system;
        make_system(system, kind_of(seed, seed % 2 == 0 ? 0.95 : 1.0), seed);
        const Allocation& current = **system.current;
        const OwnedPlan made(composite, current);
        Walk walk(current);
        std::int64_t gains = 0;
        for (const Step& step : made.plan.steps) {
            const double before = points_of(made.planner.valuation(), walk.now());
            walk.take(step);
            EXPECT_NEAR(points_of(made.planner.valuation(), walk.now()) - before, static_cast<double>(step.gain) / 1e6,
                        1e-4);
            gains += step.gain;
            ++steps;
            exchanges += step.with_next ? 1 : 0;
            ASSERT_TRUE(step.with_next || is_legal(walk.now(), current)) << "seed " << seed << " step " << steps;
        }
        EXPECT_TRUE(same(walk.now(), made.planner.reached())) << seed;
        EXPECT_NEAR(static_cast<double>(gains),
                    static_cast<double>(made.plan.after.millionths - made.plan.before.millionths), 1000);
        EXPECT_TRUE(made.plan.steps.empty() || !made.plan.steps.back().with_next);
    }
    EXPECT_GT(steps, 10 * rounds);
    EXPECT_GT(exchanges, rounds);
}

TEST(AffinityPlan, R73_ItIsNeverWorseThanWhatIs) {
    double gained = 0;
    for (std::uint64_t seed = 0; seed < rounds; ++seed) {
        System system;
        make_system(system, kind_of(seed), seed);
        for (const Metric* metric : metrics()) {
            const OwnedPlan made(*metric, **system.current);
            EXPECT_GE(made.plan.after, made.plan.before) << seed << metric->name;
            gained += static_cast<double>(made.plan.after.millionths - made.plan.before.millionths) / 1e6;
        }
    }
    EXPECT_GT(gained, 10.0 * rounds);
}

TEST(AffinityPlan, R73_R77_WhoAsksDoesNotLoseAndTheSystemLosesLittle) {
    unsigned better = 0;
    for (std::uint64_t seed = 0; seed < rounds; ++seed) {
        System system;
        make_system(system, kind_of(seed), seed);
        const std::size_t who = seed % system.partitions.size();
        system.partitions[who].asked = true;
        const OwnedPlan made(composite, **system.current);
        EXPECT_GE(made.planner.potential(who), made.planner.current(who)) << seed;
        EXPECT_GE(made.plan.after.millionths, made.plan.before.millionths - 1'000'000) << seed;
        better += made.planner.potential(who) > made.planner.current(who) ? 1 : 0;
    }
    EXPECT_GT(better, rounds / 2);
}

TEST(AffinityPlan, R76_WhoIsProtectedHasAllThatHeHadWhereHeHadIt) {
    unsigned is_protected = 0;
    for (std::uint64_t seed = 0; seed < rounds; ++seed) {
        System system;
        make_system(system, kind_of(seed), seed);
        const Allocation& current = **system.current;
        const OwnedPlan made(composite, current);
        for (std::size_t p = 0; p < system.partitions.size(); ++p) {
            if (!system.partitions[p].stays)
                continue;
            ++is_protected;
            EXPECT_THAT(made.planner.reached().place(p).on, testing::ElementsAreArray(current.place(p).on)) << seed;
            EXPECT_EQ(made.planner.reached().place(p).page_table, current.place(p).page_table) << seed;
            EXPECT_EQ(made.planner.potential(p), made.planner.current(p)) << seed;
            for (const Step& step : made.plan.steps)
                EXPECT_NE(step.partition, p) << seed;
        }
    }
    EXPECT_GT(is_protected, rounds / 4);
}

TEST(AffinityPlan, R74_TheSameStateGivesTheSamePlanAndIsNotChanged) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        System system, twin;
        make_system(system, kind_of(seed), seed);
        make_system(twin, kind_of(seed), seed);
        const OwnedPlan one(composite, **system.current), other(composite, **twin.current);
        EXPECT_THAT(one.plan.steps, testing::ElementsAreArray(other.plan.steps)) << seed;
        EXPECT_TRUE(same(**system.current, **twin.current));
        make_system(twin, kind_of(seed), seed);
        EXPECT_TRUE(same(**system.current, **twin.current));
    }
}

TEST(AffinityPlan, R74_MoreTimeMakesItBetterAndNeverWorse) {
    std::int64_t first = 0, last = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        System system;
        make_system(system, kind_of(seed), seed);
        const Allocation& current = **system.current;
        OwnedRoom room(Planner::room_for(system.nodes.count(), system.partitions.size()));
        Planner planner(composite, current, 20'000, room.bytes());
        std::vector<Step> steps(10'000);
        const Plan none = planner.plan(steps);
        EXPECT_TRUE(none.steps.empty());
        EXPECT_EQ(none.after, none.before);
        Score before = none.after;
        for (unsigned portion = 0; planner.improve(500); ++portion) {
            const Plan plan = planner.plan(steps);
            EXPECT_GE(plan.after, before) << seed;
            EXPECT_TRUE(is_legal(planner.reached(), current)) << seed;
            before = plan.after;
            first += portion == 0 ? plan.after.millionths : 0;
        }
        last += before.millionths;
    }
    EXPECT_GT(last, first);
}

TEST(AffinityPlan, ATableThatIsFullEndsThePlanWhereItMayEnd) {
    System system;
    make_system(system, {.partitions = 12, .most_full = 1.0}, 1);
    const OwnedPlan whole(composite, **system.current);
    ASSERT_GT(whole.plan.steps.size(), 10u);
    for (std::size_t most = 0; most < whole.plan.steps.size(); ++most) {
        const OwnedPlan part(composite, **system.current, 0, most);
        EXPECT_LE(part.plan.steps.size(), most);
        EXPECT_TRUE(is_legal(part.planner.reached(), **system.current)) << most;
        EXPECT_GE(part.plan.after, part.plan.before) << most;
    }
}

TEST(AffinityPlan, NothingMovesForNothing) {
    // Both lie well; their nodes' names could be exchanged, and that would gain nothing.
    Nodes nodes;
    nodes.reset(2, 40);
    for (NodeIndex n = 0; n < 2; ++n)
        nodes.set_capacity(n, {100, 400});
    const std::vector<Partition> partitions(
        2, {.size = {.memory = 60, .processors = 2, .per_processor = 100, .page_table = 1}});
    OwnedAllocation current(nodes, partitions);
    for (NodeIndex n = 0; n < 2; ++n) {
        std::vector<Amounts> on(2);
        on[1U - n] = {60, 200};
        current->put(n, {on, static_cast<NodeIndex>(1 - n)});
    }
    const OwnedPlan made(composite, *current);
    EXPECT_TRUE(made.plan.steps.empty());
    EXPECT_EQ(made.plan.after, full_score);
}

TEST(AffinityPlan, AMachineWithOneNodeOrNobodyHasNothingToPlan) {
    Nodes nodes;
    nodes.reset(1, 10);
    nodes.set_capacity(0, {10, 100});
    const std::vector<Partition> one = {{.size = {.memory = 5, .processors = 1, .per_processor = 50, .page_table = 1}}};
    OwnedAllocation current(nodes, one), empty(nodes, {});
    current->put(0, {std::vector<Amounts>{{5, 50}}, 0});
    EXPECT_TRUE(OwnedPlan(composite, *current).plan.steps.empty());
    EXPECT_TRUE(OwnedPlan(composite, *empty).plan.steps.empty());
}

} // namespace
} // namespace transom::affinity

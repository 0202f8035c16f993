// SPDX-License-Identifier: Apache-2.0
#include "pool_simulation.hpp"

#include <array>
#include <gmock/gmock.h>
#include <random>

namespace transom::partition {
namespace {

constexpr std::uint64_t ms = PoolSimulation::ms, window = PoolSimulation::window;

/// Sleeps and runs for random times up to these.
Workload interactive(std::uint32_t seed, std::uint64_t longest_run, std::uint64_t longest_sleep) {
    const auto random = std::make_shared<std::mt19937>(seed);
    const auto up_to = [random](std::uint64_t most) {
        return std::uniform_int_distribution<std::uint64_t>(1, most)(*random);
    };
    return {[=] { return up_to(longest_run); }, [=] { return up_to(longest_sleep); }};
}

double share(const PoolSimulation::Member& member, const PoolSimulation& simulation) {
    return static_cast<double>(member.used()) / static_cast<double>(simulation.now);
}

TEST(SharedPool, GivesOutWhatThereIsAndNoMore) {
    PoolSimulation simulation(2);
    const auto& only = simulation.add({.entitled = 10}, 4);
    simulation.run_until(10 * window);
    EXPECT_EQ(only.used(), 2 * 10 * window);
}

TEST(SharedPool, SharesByWeightWithinTwoPercentOverTenWindows) {
    PoolSimulation simulation(2);
    const auto& one = simulation.add({.entitled = 0, .weight = 64}, 2);
    const auto& three = simulation.add({.entitled = 0, .weight = 192}, 2);
    for (int period = 0; period < 20; ++period) {
        const std::uint64_t one_before = one.used(), three_before = three.used();
        simulation.run_until(simulation.now + 10 * window);
        const auto first = static_cast<double>(one.used() - one_before);
        const auto second = static_cast<double>(three.used() - three_before);
        EXPECT_NEAR(first / (first + second), 0.25, 0.02 * 0.25) << "period " << period;
    }
}

TEST(SharedPool, SharesByEntitlementWhereEveryTickIsSomebodys) {
    PoolSimulation simulation(2);
    const auto& one = simulation.add({.entitled = 50}, 2);
    const auto& three = simulation.add({.entitled = 150}, 2);
    simulation.run_until(10 * window);
    EXPECT_NEAR(share(one, simulation), 0.5, 0.01);
    EXPECT_NEAR(share(three, simulation), 1.5, 0.03);
}

TEST(SharedPool, ADedicatedProcessorIsThereAtOnceForWhoHasIt) {
    for (const Processors processors : {Processors::dedicated, Processors::donating}) {
        PoolSimulation simulation(3);
        const auto& own = simulation.add({.entitled = 200, .weight = 0, .capped = true, .processors = processors}, 2,
                                         {[] { return 3 * ms; }, [] { return 7 * ms; }});
        const auto& others = simulation.add({.entitled = 50}, 4);
        simulation.run_until(100 * window);
        EXPECT_NEAR(share(own, simulation), 2 * 0.3, 0.01);
        const std::uint64_t lent = own.vcpus[0].contender.lent + own.vcpus[1].contender.lent;
        if (processors == Processors::donating) {
            EXPECT_NEAR(share(others, simulation), 1 + 2 * 0.7, 0.02) << "what is lent is used";
            EXPECT_GT(lent, 0u);
        } else {
            EXPECT_NEAR(share(others, simulation), 1, 0.01) << "what is not lent is not";
            EXPECT_EQ(lent, 0u);
        }
        EXPECT_EQ(own.vcpus[0].contender.home, 2u);
    }
}

// On two nodes with a processor each, everybody at work: each runs where it is at home, and has as much as without nodes.
TEST(SharedPool, WhoIsAtHomeOnAProcessorsNodeComesFirst) {
    for (const std::uint32_t entitled : {0u, 50u}) {
        PoolSimulation simulation(std::vector<std::uint8_t>{0, 1});
        std::vector<PoolSimulation::Member*> members;
        for (std::uint8_t i = 0; i < 4; ++i) {
            members.push_back(&simulation.add({.entitled = entitled}, 1));
            members.back()->vcpus[0].contender.node = i / 2;
        }
        simulation.run_until(100 * window);
        for (const auto* member : members) {
            EXPECT_NEAR(share(*member, simulation), 0.5, 0.01);
            EXPECT_GT(static_cast<double>(member->vcpus[0].used_at_home), 0.97 * static_cast<double>(member->used()));
        }
        EXPECT_LT(simulation.longest_wait, 2 * window);
    }
}

TEST(SharedPool, NobodyGetsMoreByWhereHeIsAtHome) {
    PoolSimulation simulation(std::vector<std::uint8_t>{0, 1});
    std::vector<PoolSimulation::Member*> members;
    for (const std::uint8_t node :
         std::to_array<std::uint8_t>({0, 0, 0, 1})) { // one is alone on a node that has a processor
        members.push_back(&simulation.add({.entitled = 50}, 1));
        members.back()->vcpus[0].contender.node = node;
    }
    simulation.run_until(100 * window);
    for (const auto* member : members)
        EXPECT_NEAR(share(*member, simulation), 0.5, 0.02);
    PoolSimulation excess(std::vector<std::uint8_t>{0, 1});
    members.clear();
    for (const std::uint8_t node : std::to_array<std::uint8_t>({0, 0, 0, 1})) {
        members.push_back(&excess.add({.entitled = 0, .weight = 128}, 1));
        members.back()->vcpus[0].contender.node = node;
    }
    excess.run_until(100 * window);
    for (const auto* member : members)
        EXPECT_NEAR(share(*member, excess), 0.5, 0.02);
}

/// A partition with processor 1 for itself, which it lends, and another that wants to run there.
struct Loan {
    Loan() {
        owner.claim = {.entitled = 100, .weight = 0, .capped = true, .processors = Processors::donating};
        other.claim = {.entitled = 50};
        EXPECT_TRUE(owner.contenders.push_back(&at_home) && other.contenders.push_back(&borrower));
        pool.add(owner, 0);
        pool.add(other, 0);
        pool.ready(borrower, 0);
    }
    std::optional<Turn> next(std::uint64_t now, std::uint64_t longest = ~std::uint64_t{0}) {
        return pool.next(now, longest, 1);
    }

    PoolMember owner, other;
    Contender at_home{.member = &owner, .home = 1, .lends = true}, borrower{.member = &other};
    SharedPool pool{window, 5 * ms / 2};
};

TEST(SharedPool, WhatOthersUsedOfADedicatedProcessorIsToldOnce) {
    Loan loan;
    const auto lent = loan.next(0, 2 * ms);
    ASSERT_TRUE(lent);
    EXPECT_EQ(lent->contender, &loan.borrower);
    EXPECT_EQ(lent->ticks, 2 * ms);
    loan.pool.ready(loan.at_home, ms);
    EXPECT_FALSE(loan.pool.has_turn()) << "for nobody else's processor";
    loan.pool.ran(loan.borrower, ms, false, ms);
    EXPECT_FALSE(loan.pool.next(ms, ~std::uint64_t{0}, 0)) << "it runs on its own processor only";
    const auto turn = loan.next(ms);
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->contender, &loan.at_home);
    EXPECT_EQ(turn->ticks, window);
    EXPECT_EQ(turn->lent, ms);
    loan.pool.ran(loan.at_home, 5, true, ms + 5);
    EXPECT_EQ(loan.next(ms + 5)->lent, 0u);
}

TEST(SharedPool, NothingIsLentForAMoment) {
    Loan loan;
    EXPECT_FALSE(loan.next(0, 0));
    EXPECT_FALSE(loan.next(0, ms - 1));
    const auto turn = loan.next(0, ms);
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->ticks, ms);
}

TEST(SharedPool, WhoTakesHisProcessorBackAtOnceLendsItNoMoreInThatWindow) {
    for (const std::uint64_t after : {ms / 2, 2 * ms}) {
        Loan loan;
        ASSERT_TRUE(loan.next(0));
        loan.pool.ready(loan.at_home, after);
        loan.pool.ran(loan.borrower, after, true, after);
        ASSERT_EQ(loan.next(after)->contender, &loan.at_home);
        loan.pool.ran(loan.at_home, 1, false, after + 1);
        EXPECT_EQ(loan.next(after + 1).has_value(), after >= ms);
        if (after < ms) {
            EXPECT_TRUE(loan.next(window));
        }
    }
}

TEST(SharedPool, WhoRunsOnALoanGoesOnWhenTheLenderHasGone) {
    Loan loan;
    ASSERT_TRUE(loan.next(0));
    loan.pool.remove(loan.owner);
    loan.pool.ran(loan.borrower, ms, true, ms);
    EXPECT_EQ(loan.at_home.lent, 0u) << "nobody is told";
    EXPECT_TRUE(loan.next(ms)) << "it is everybody's";
}

TEST(SharedPool, AnEntitlementHoldsAgainstAnyWeight) {
    PoolSimulation simulation(2);
    const auto& entitled = simulation.add({.entitled = 120, .weight = 1}, 2);
    simulation.add({.entitled = 10, .weight = 255}, 8);
    simulation.add({.entitled = 10, .weight = 255}, 8);
    simulation.run_until(10 * window);
    EXPECT_GE(share(entitled, simulation), 1.19);
}

TEST(SharedPool, TheCappedStayBelowTheirCapInEachWindowEvenOnIdleProcessors) {
    PoolSimulation simulation(2);
    const auto& capped = simulation.add({.entitled = 30, .capped = true}, 4);
    const auto& weightless = simulation.add({.entitled = 20, .weight = 0}, 1);
    for (int i = 0; i < 10; ++i) {
        const std::uint64_t capped_before = capped.used(), weightless_before = weightless.used();
        simulation.run_until(simulation.pool.window_end() > simulation.now ? simulation.pool.window_end()
                                                                           : simulation.now + window);
        EXPECT_LE(capped.used() - capped_before, window * 30 / 100);
        EXPECT_LE(weightless.used() - weightless_before, window * 20 / 100);
    }
    EXPECT_NEAR(share(capped, simulation), 0.3, 0.01);
    EXPECT_NEAR(share(weightless, simulation), 0.2, 0.01);
}

TEST(SharedPool, WhoeverOverrunsOwesIt) {
    PoolSimulation simulation(1);
    simulation.overrun = 300;
    const auto& capped = simulation.add({.entitled = 30, .capped = true}, 2);
    simulation.run_until(100 * window);
    EXPECT_LE(share(capped, simulation), 0.305);
    EXPECT_GE(share(capped, simulation), 0.29);
}

TEST(SharedPool, EntitlementThatIsNotUsedIsNotSavedUp) {
    PoolSimulation simulation(1);
    const auto& busy = simulation.add({.entitled = 0, .weight = 128}, 1);
    const auto& sleeper =
        simulation.add({.entitled = 50, .weight = 128}, 1, {[] { return 50 * window; }, [] { return 50 * window; }});
    // It begins with a run: both are busy, and the half that is left over is shared.
    simulation.run_until(20 * window);
    EXPECT_NEAR(share(sleeper, simulation), 0.75, 0.02);
    simulation.run_until(200 * window);
    const std::uint64_t before = sleeper.used(), busy_before = busy.used();
    simulation.run_until(220 * window);
    EXPECT_LE(sleeper.used() - before, 20 * window * 77 / 100);
    EXPECT_GE(busy.used() - busy_before, 20 * window * 23 / 100);
}

// One of its virtual processors is always busy, on what the partition is entitled to: it never sleeps, and asks for nothing more.
TEST(SharedPool, ExcessThatIsNotAskedForIsNotSavedUp) {
    PoolSimulation simulation(2);
    const auto& other = simulation.add({.entitled = 5, .weight = 128}, 1);
    auto& content = simulation.add({.entitled = 100, .weight = 128}, 2);
    content.vcpus[1].wakes_at = 2000 * window;
    simulation.run_until(2000 * window);
    EXPECT_NEAR(share(content, simulation), 1.0, 0.03);
    const std::uint64_t before = other.used();
    simulation.run_until(2100 * window);
    EXPECT_GE(other.used() - before, 100 * window * 40 / 100) << "0.05 that it is entitled to, and half of 0.95";
}

TEST(SharedPool, ADebtIsBounded) {
    PoolMember member;
    Contender contender{.member = &member};
    member.claim = {.entitled = 5, .weight = 0, .capped = true};
    ASSERT_TRUE(member.contenders.push_back(&contender));
    SharedPool pool(window, ms);
    pool.add(member, 0);
    pool.ready(contender, 0);
    const auto turn = pool.next(0);
    ASSERT_TRUE(turn);
    // The host stood still for an hour.
    constexpr std::uint64_t hour = 360'000 * window;
    pool.ran(contender, hour, true, hour);
    EXPECT_FALSE(pool.next(hour));
    EXPECT_TRUE(pool.next(hour + 101 * window));
}

TEST(SharedPool, NobodyStarvesAndWakingIsQuickForTheEntitled) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        PoolSimulation simulation(2);
        for (std::uint32_t i = 0; i < 4; ++i)
            simulation.add({.entitled = 20, .weight = static_cast<std::uint8_t>(1 + 60 * i)}, 4,
                           i % 2 == 0 ? Workload{} : interactive(seed + i, 2 * ms, 20 * ms));
        simulation.run_until(100 * window);
        // All are entitled to something in each window, so nobody waits for longer than two.
        EXPECT_LE(simulation.longest_wait, 2 * window) << "seed " << seed;
        ASSERT_GT(simulation.latencies.size(), 100u);
        std::ranges::sort(simulation.latencies);
        const auto part = [&](double p) {
            return simulation
                .latencies[static_cast<std::size_t>(static_cast<double>(simulation.latencies.size() - 1) * p)];
        };
        testing::Test::RecordProperty("wake_median_us", static_cast<int>(part(0.5)));
        testing::Test::RecordProperty("wake_99_percent_us", static_cast<int>(part(0.99)));
        EXPECT_LE(part(0.5), 2 * ms) << "seed " << seed;
        EXPECT_LE(part(0.99), window) << "seed " << seed;
    }
}

TEST(SharedPool, GoesOnAfterALongTimeInWhichNobodyAsked) {
    PoolSimulation simulation(1);
    simulation.now = 1'000'000 * window + 17;
    const auto& member = simulation.add({.entitled = 40, .capped = true}, 1);
    const std::uint64_t begin = simulation.now;
    simulation.run_until(begin + 10 * window);
    EXPECT_NEAR(static_cast<double>(member.used()), 4.0 * window, 0.1 * 4 * window);
}

TEST(SharedPool, WhoIsWithdrawnGetsNoTurnAndMayLeave) {
    SharedPool pool(window, ms);
    PoolMember member;
    member.claim.entitled = 50;
    Contender contender;
    contender.member = &member;
    ASSERT_TRUE(member.contenders.push_back(&contender));
    pool.add(member, 0);
    pool.ready(contender, 0);
    pool.withdraw(contender);
    EXPECT_FALSE(pool.next(0));
    pool.remove(member);
    EXPECT_FALSE(pool.next(0));
}

/// A partition with two virtual processors, both ready.
struct Pair {
    explicit Pair(const CapacityClaim& claim) {
        member.claim = claim;
        for (Contender* each : {&first, &second}) {
            each->member = &member;
            EXPECT_TRUE(member.contenders.push_back(each));
        }
        pool.add(member, 0);
        pool.ready(first, 0);
        pool.ready(second, 1);
    }
    SharedPool pool{window, ms};
    PoolMember member;
    Contender first, second;
};

TEST(SharedPool, WhatIsLeftOfATurnGoesToWhomItIsHanded) {
    for (const std::uint32_t entitled : {0u, 100u}) { // on excess, on entitlement
        Pair pair({.entitled = entitled});
        const auto turn = pair.pool.next(1);
        ASSERT_TRUE(turn);
        EXPECT_EQ(turn->contender, &pair.first);
        EXPECT_EQ(turn->ticks, ms);
        const auto rest = pair.pool.hand_over(pair.first, 400, true, pair.second, 401);
        ASSERT_TRUE(rest);
        EXPECT_EQ(rest->contender, &pair.second);
        EXPECT_EQ(rest->ticks, ms - 400);
        EXPECT_EQ(pair.first.state, Contender::State::ready);
        pair.pool.ran(pair.second, 600, false, 1001);
        EXPECT_EQ(pair.member.budget, entitled == 0 ? 0 : static_cast<std::int64_t>(window - ms));
        EXPECT_EQ(pair.member.consumed, entitled == 0 ? 2 * ms : 0) << "a weight of 128 counts double";
        EXPECT_EQ(pair.pool.next(1001)->contender, &pair.first);
    }
}

TEST(SharedPool, AnEmptyTurnCannotBeHandedOn) {
    Pair pair({.entitled = 100});
    ASSERT_TRUE(pair.pool.next(1));
    EXPECT_FALSE(pair.pool.hand_over(pair.first, ms - 10, true, pair.second, ms));
    EXPECT_EQ(pair.second.state, Contender::State::ready);
    EXPECT_EQ(pair.first.state, Contender::State::ready);
    EXPECT_EQ(pair.member.budget, static_cast<std::int64_t>(window - ms + 10));
}

TEST(SharedPool, KnowsWhoWaitsForAProcessorAndWhoForTheNextWindow) {
    Pair pair({.entitled = 10, .capped = true}); // one turn in a window
    EXPECT_EQ(pair.second.queued_since, 1u);
    ASSERT_TRUE(pair.pool.next(100));
    EXPECT_EQ(pair.first.queued_since, 0u);
    pair.pool.ran(pair.first, ms, true, 100 + ms);
    EXPECT_EQ(pair.first.queued_since, Contender::never) << "the partition has used up its share";
    EXPECT_FALSE(pair.pool.next(5 * ms));
    ASSERT_TRUE(pair.pool.next(window + 7));
    EXPECT_EQ(pair.second.queued_since, 1u) << "that it queued once is not taken back";
    EXPECT_EQ(pair.first.queued_since, window);
}

} // namespace
} // namespace transom::partition

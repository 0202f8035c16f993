// SPDX-License-Identifier: Apache-2.0
#include "explorer.hpp"
#include <gtest/gtest.h>
#include <set>

namespace transom::interleave {
namespace {

/// Actors on a few variables that leave a result.
struct Program : Explorer::StateRun {
    std::vector<int> memory = std::vector<int>(4);
    std::vector<Explorer::Actor> bodies;
    std::set<std::vector<int>>* results = nullptr;
    std::function<std::string(const std::vector<int>&)> check = [](const auto&) { return std::string(); };

    int load(std::uint32_t place) {
        Explorer::step({.place = place});
        return memory[place];
    }
    void store(std::uint32_t place, int value) {
        Explorer::step({.place = place, .write = true});
        memory[place] = value;
        Explorer::changed(place);
    }
    bool lock(std::uint32_t place) {
        Explorer::step({.place = place, .write = true});
        return std::exchange(memory[place], 1) == 0;
    }
    std::vector<Explorer::Actor> actors() override { return bodies; }
    void add_state(Digest& digest) const override {
        for (const int value : memory)
            digest.add(static_cast<std::uint64_t>(value));
    }
    std::uint64_t value(std::uint32_t place) const override {
        return place == Step::nothing ? 0 : static_cast<std::uint64_t>(memory[place]);
    }
    std::string after_step() override { return check(memory); }
    std::string at_end() override {
        results->insert(memory);
        return {};
    }
};

struct Found {
    Explored explored;
    std::set<std::vector<int>> results;
};
Found explore(const std::function<void(Program&)>& build, bool by_states = false) {
    Found found;
    const auto make = [&] {
        auto program = std::make_unique<Program>();
        program->results = &found.results;
        build(*program);
        return program;
    };
    found.explored = by_states ? Explorer().explore_states(make, 100'000) : Explorer().explore(make, 100'000);
    return found;
}

TEST(Explorer, StepsThatShareNothingAreRunOnce) {
    const Found found = explore([](Program& p) {
        for (std::uint32_t i = 0; i < 4; ++i)
            p.bodies.emplace_back([&p, i] {
                for (int n = 0; n < 5; ++n)
                    p.store(i, p.load(i) + 1);
            });
    });
    EXPECT_TRUE(found.explored.complete);
    EXPECT_EQ(found.explored.runs, 1u);
}

TEST(Explorer, EveryOrderOfDependentStepsIsRun) {
    // Three that read two variables and write their sum: all results that there are, counted by hand for two.
    const Found lost = explore([](Program& p) {
        for (int i = 0; i < 3; ++i)
            p.bodies.emplace_back([&p] { p.store(0, p.load(0) + 1); });
    });
    EXPECT_TRUE(lost.explored.complete);
    EXPECT_EQ(lost.results, (std::set<std::vector<int>>{{1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}}));
    // Store buffering: without sequential consistency both could read 0.
    const Found buffers = explore([](Program& p) {
        p.bodies.emplace_back([&p] {
            p.store(0, 1);
            p.store(2, p.load(1));
        });
        p.bodies.emplace_back([&p] {
            p.store(1, 1);
            p.store(3, p.load(0));
        });
    });
    EXPECT_EQ(buffers.results, (std::set<std::vector<int>>{{1, 1, 0, 1}, {1, 1, 1, 0}, {1, 1, 1, 1}}));
}

/// The same without reduction: every step depends on every other one.
TEST(Explorer, TheReductionLosesNoResult) {
    const auto program = [](bool all_depend) {
        return [all_depend](Program& p) {
            const auto extra = [all_depend] { return all_depend ? std::uint32_t{3} : Step::nothing; };
            for (int who = 1; who <= 3; ++who)
                p.bodies.emplace_back([&p, who, extra] {
                    for (std::uint32_t place = 0; place < 2; ++place) {
                        Explorer::step({.place = extra(), .write = true});
                        const int seen = p.load(static_cast<std::uint32_t>(place + static_cast<unsigned>(who)) % 3);
                        p.store(place, seen * 2 + who);
                    }
                });
        };
    };
    const Found reduced = explore(program(false)), full = explore(program(true));
    EXPECT_TRUE(reduced.explored.complete);
    EXPECT_GT(reduced.results.size(), 10u);
    for (const auto& result : full.results)
        EXPECT_TRUE(reduced.results.contains(result));
    EXPECT_LT(reduced.explored.runs, full.explored.runs);
    const Found states = explore(program(false), true);
    EXPECT_TRUE(states.explored.complete);
    EXPECT_EQ(states.results, full.results);
    EXPECT_LT(states.explored.states, full.explored.steps);
}

/// A check sees states that no order of dependent steps leads to: two variables that two actors write, each its own.
TEST(Explorer, ByStatesEachStateIsChecked) {
    const auto program = [](Program& p) {
        p.check = [](const std::vector<int>& m) { return m[0] == 0 && m[1] == 1 ? std::string("one") : std::string(); };
        for (const std::uint32_t place : {0u, 1u})
            p.bodies.emplace_back([&p, place] { p.store(place, 1); });
    };
    EXPECT_NE(explore(program, true).explored.failure.find("one"), std::string::npos);
}

TEST(Explorer, ByStatesWhoWaitsGoesOnToo) {
    const auto program = [](Program& p) {
        for (int i = 0; i < 3; ++i)
            p.bodies.emplace_back([&p] {
                while (!p.lock(1))
                    Explorer::relax();
                p.store(0, p.load(0) + 1);
                p.store(1, 0);
            });
    };
    const Found found = explore(program, true);
    EXPECT_TRUE(found.explored.complete);
    EXPECT_EQ(found.results, (std::set<std::vector<int>>{{3, 0, 0, 0}}));
}

/// What an actor has forgotten tells no states apart; what it keeps does.
TEST(Explorer, ByStatesWhatIsForgottenIsNoState) {
    const auto states = [](bool keeps) {
        return explore(
                   [keeps](Program& p) {
                       p.bodies.emplace_back([&p, keeps] {
                           {
                               const Explorer::Operation operation;
                               const int seen = p.load(0);
                               if (keeps)
                                   Explorer::keeps(static_cast<std::uint64_t>(seen));
                           }
                           for (int i = 0; i < 5; ++i)
                               p.store(1, i);
                       });
                       p.bodies.emplace_back([&p] { p.store(0, 1); });
                   },
                   true)
            .explored.states;
    };
    EXPECT_LT(states(false), states(true));
}

TEST(Explorer, WhoWaitsForALockGoesOnWhenItIsFree) {
    const Found found = explore([](Program& p) {
        for (int i = 0; i < 3; ++i)
            p.bodies.emplace_back([&p] {
                while (!p.lock(1))
                    Explorer::relax();
                p.store(0, p.load(0) + 1);
                p.store(1, 0);
            });
    });
    EXPECT_TRUE(found.explored.complete);
    EXPECT_EQ(found.explored.failure, "");
    EXPECT_EQ(found.results, (std::set<std::vector<int>>{{3, 0, 0, 0}}));
}

TEST(Explorer, ADeadlockAndAWrongStateAreFailures) {
    const Found deadlock = explore([](Program& p) {
        for (const std::uint32_t first : {0u, 1u})
            p.bodies.emplace_back([&p, first] {
                for (const std::uint32_t place : {first, 1 - first})
                    while (!p.lock(place))
                        Explorer::relax();
                p.store(0, 0);
                p.store(1, 0);
            });
    });
    EXPECT_NE(deadlock.explored.failure.find("nobody can go on"), std::string::npos);
    const Found wrong = explore([](Program& p) {
        p.check = [](const std::vector<int>& m) {
            return m[0] == 1 && m[1] == 1 ? std::string("both") : std::string();
        };
        for (const std::uint32_t place : {0u, 1u})
            p.bodies.emplace_back([&p, place] {
                if (p.load(1 - place) == 0)
                    p.store(place, 1);
            });
    });
    EXPECT_NE(wrong.explored.failure.find("both"), std::string::npos);
}

} // namespace
} // namespace transom::interleave

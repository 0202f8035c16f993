// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"
#include <gtest/gtest.h>

// All states of the scenes with two processors, two slots and the sweep (R34).
namespace transom::interleave {
namespace {

void expect_all_states_hold(const Build& build, const Scene::Setup& setup) {
    const Explored explored = explore_states(setup, build);
    EXPECT_EQ(explored.failure, "");
    EXPECT_TRUE(explored.complete) << "not all states";
    EXPECT_GT(explored.states, 1000u);
    std::printf("%llu states, %llu runs, %llu steps\n", static_cast<unsigned long long>(explored.states),
                static_cast<unsigned long long>(explored.runs), static_cast<unsigned long long>(explored.steps));
}

TEST(LitmusStates, TwoProcessorsTwoSlotsAndTheSweepWhileDualStores) {
    expect_all_states_hold(stores_to_both_while_dual, {});
}
TEST(LitmusStates, TwoProcessorsTwoSlotsAndTheSweepWhileDualCalls) {
    expect_all_states_hold(calls_to_both_while_dual, {});
}
TEST(LitmusStates, TwoProcessorsTwoSlotsAndTheSweepWhileDualStoreAndCall) {
    expect_all_states_hold(store_and_call_while_dual, {.one_lpid = true});
}
TEST(LitmusStates, TwoProcessorsTwoSlotsAndTheSweepWhileDraining) {
    for (const bool one_lpid : {false, true})
        for (const auto stores : {dual::StorePolicy::when_stored, dual::StorePolicy::as_in_t1})
            expect_all_states_hold(everything_while_draining, {.one_lpid = one_lpid, .stores = stores});
}
// Minutes.
TEST(LitmusLong, TwoProcessorsTwoSlotsAndTheSweepWhileSwitching) {
    expect_all_states_hold(everything_while_switching, {.one_lpid = true});
}

/// Whatever the search by orders finds, that by states does.
TEST(LitmusStates, FindsAPlantedFaultToo) {
    const Explored found = explore_states({.mutation = Mutation::no_lock}, fill_and_remove);
    EXPECT_NE(found.failure, "");
    const Explored lost = explore_states({.mutation = Mutation::usage_before_flush}, remove_and_store_of_a_writer);
    EXPECT_NE(lost.failure.find("I3: C is lost"), std::string::npos) << lost.failure;
}
TEST(LitmusStates, ABatchThatFlushesOneOfItsSlotsIsFound) {
    const Explored found = explore_states({.mutation = Mutation::batch_flushes_one}, stores_to_both_while_dual);
    EXPECT_NE(found.failure.find("P1"), std::string::npos) << found.failure;
    std::printf("%llu states, %llu runs: %s\n", static_cast<unsigned long long>(found.states),
                static_cast<unsigned long long>(found.runs), found.failure.c_str());
}

} // namespace
} // namespace transom::interleave

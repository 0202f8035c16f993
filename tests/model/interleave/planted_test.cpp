// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"
#include <gtest/gtest.h>

namespace transom::interleave {
namespace {

/// What each planted fault has to be found by, and as what.
struct Planted {
    Scene::Setup setup;
    Build scene;
    const char* name;
    const char* says;
};

class PlantedFault : public testing::TestWithParam<Planted> {};

TEST_P(PlantedFault, IsFound) {
    const Planted& planted = GetParam();
    const Explored explored = explore(planted.setup, planted.scene);
    EXPECT_NE(explored.failure, "") << "after " << explored.runs << " runs";
    EXPECT_NE(explored.failure.find(planted.says), std::string::npos) << explored.failure;
    std::printf("%llu runs: %s\n", static_cast<unsigned long long>(explored.runs), explored.failure.c_str());
    Scene::Setup right = planted.setup;
    right.mutation = Mutation::none;
    EXPECT_EQ(explore(right, planted.scene).failure, "");
}

constexpr auto at_once = dual::StorePolicy::as_in_t1;
using M = Mutation;

INSTANTIATE_TEST_SUITE_P(
    Interleave, PlantedFault,
    testing::Values(
        Planted{{.mutation = M::twin_stays}, remove_and_store, "TwinStays", "I1"},
        Planted{{.mutation = M::twin_stays}, sweep_and_clear, "ClearLeavesTheTwin", "I1"},
        Planted{{.mutation = M::twin_stays}, protect_and_store, "ProtectLeavesTheTwin", "I1"},
        Planted{{.mutation = M::twin_goes_last}, remove_and_store, "TwinGoesLast", "I1"},
        Planted{{.mutation = M::twin_goes_late}, remove_and_store, "TwinGoesLate", "I1"},
        Planted{{.mutation = M::usage_before_flush}, remove_and_store_of_a_writer, "UsageBeforeFlush", "I3: C is lost"},
        Planted{{.mutation = M::merge_before_flush, .stores = at_once}, fold_and_store, "MergeBeforeFlush", "I3"},
        Planted{{.mutation = M::twins_usage_ignored}, sweep_and_remove, "TwinsUsageIgnored", "I3: C is lost"},
        Planted{{.mutation = M::twins_usage_ignored}, read_and_sweep, "ReadT1Only", "I3"},
        Planted{{.mutation = M::no_lock}, fill_and_remove, "NoLock", "I"},
        Planted{{.mutation = M::no_recheck}, fill_and_remove, "NoRecheck", "I"},
        Planted{{.mutation = M::sweep_no_recheck}, sweep_and_remove, "SweepNoRecheck", "T2 is not empty"},
        Planted{{.mutation = M::plain_merge}, drain_and_stores_through_t1, "PlainMerge", "I3"},
        Planted{{.mutation = M::load_grants_store}, two_fills, "LoadGrantsStore", "P1"},
        Planted{{.mutation = M::fill_sets_changed}, fill_and_remove, "FillSetsChanged", "I4: C is invented"},
        Planted{{.mutation = M::no_flush}, remove_and_store, "NoFlush", "I2"},
        Planted{{.mutation = M::first_lpid_only}, remove_and_store, "FirstLpidOnly", "I2"},
        Planted{{.mutation = M::phase_before_lock, .begun = false}, begin_and_call, "PhaseBeforeLock", "I2"},
        Planted{{.mutation = M::no_flush_at_switch, .one_lpid = true, .stores = at_once},
                switch_with_an_old_entry,
                "NoFlushAtSwitch",
                "left in T2"},
        Planted{{.mutation = M::no_flush_at_switch, .one_lpid = true},
                switch_with_an_old_entry,
                "NoFlushAtSwitchReadOnly",
                "I7"},
        Planted{
            {.mutation = M::no_flush_at_switch, .stores = at_once}, second_migration, "NoFlushBetweenMigrations", "P1"},
        Planted{{.mutation = M::no_flush_at_fold}, fold_and_store, "NoFlushAtFold", "P1"},
        Planted{{.mutation = M::late_switch, .ends = true}, switch_and_enter, "LateSwitch", "R4"},
        Planted{{.mutation = M::handler_not_counted, .ends = true}, handler_and_switch, "HandlerNotCounted", "P1"},
        Planted{{.mutation = M::looking_is_second, .begun = false}, start_and_store, "LookingIsSecond", "P1"},
        Planted{{.mutation = M::no_mark, .sends = true}, send_and_remove, "NoMark", "what was sent"},
        Planted{
            {.mutation = M::mark_before_change, .sends = true}, send_and_enter, "MarkBeforeChange", "what was sent"},
        Planted{{.mutation = M::fold_does_not_mark, .sends = true},
                fold_without_a_send,
                "FoldDoesNotMark",
                "what was sent"},
        Planted{{.mutation = M::take_after_read, .sends = true}, send_and_remove, "TakeAfterRead", "what was sent"},
        Planted{{.mutation = M::machine_not_seen, .sends = true}, send_and_store, "MachineNotSeen", "what was sent"},
        Planted{{.mutation = M::look_takes_late, .sends = true}, look_and_store, "LookTakesLate", "what was sent"},
        Planted{
            {.mutation = M::look_skips_dropped, .sends = true}, look_and_fold, "LookSkipsDropped", "what was sent"}),
    [](const auto& planted) { return planted.param.name; });

} // namespace
} // namespace transom::interleave

// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"
#include <gtest/gtest.h>

namespace transom::interleave {
namespace {

/// What each planted fault has to be found by, and as what.
struct Planted {
    Mutation mutation;
    Build scene;
    const char* name;
    const char* says;
    bool one_lpid = false;
    dual::StorePolicy stores = dual::StorePolicy::when_stored;
};

class PlantedFault : public testing::TestWithParam<Planted> {};

TEST_P(PlantedFault, IsFound) {
    const Planted& planted = GetParam();
    const Explored explored =
        explore({.mutation = planted.mutation, .one_lpid = planted.one_lpid, .stores = planted.stores}, planted.scene);
    EXPECT_NE(explored.failure, "") << "after " << explored.runs << " runs";
    EXPECT_NE(explored.failure.find(planted.says), std::string::npos) << explored.failure;
    std::printf("%llu runs: %s\n", static_cast<unsigned long long>(explored.runs), explored.failure.c_str());
    const Explored without = explore({.one_lpid = planted.one_lpid, .stores = planted.stores}, planted.scene);
    EXPECT_EQ(without.failure, "");
}

INSTANTIATE_TEST_SUITE_P(
    Interleave, PlantedFault,
    testing::Values(
        Planted{Mutation::twin_stays, remove_and_store, "TwinStays", "I1"},
        Planted{Mutation::twin_goes_last, remove_and_store, "TwinGoesLast", "I1"},
        Planted{Mutation::usage_before_flush, remove_and_store_of_a_writer, "UsageBeforeFlush", "I3: C is lost"},
        Planted{Mutation::twins_usage_ignored, sweep_and_remove, "TwinsUsageIgnored", "I3: C is lost"},
        Planted{Mutation::no_lock, fill_and_remove, "NoLock", "I"},
        Planted{Mutation::plain_merge, drain_and_stores_through_t1, "PlainMerge", "I3"},
        Planted{Mutation::no_flush_at_switch, switch_with_an_old_entry, "NoFlushAtSwitch", "left in T2", true,
                dual::StorePolicy::as_in_t1},
        Planted{Mutation::no_flush_at_switch, switch_with_an_old_entry, "NoFlushAtSwitchReadOnly", "I7", true},
        Planted{Mutation::no_flush_at_fold, fold_and_store, "NoFlushAtFold", "P1"}),
    [](const auto& planted) { return planted.param.name; });

} // namespace
} // namespace transom::interleave

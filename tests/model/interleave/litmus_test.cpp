// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"
#include <gtest/gtest.h>

namespace transom::interleave {
namespace {

void expect_holds(const Build& build, Scene::Setup setup = {}) {
    for (const bool one_lpid : {false, true})
        for (const auto stores : {dual::StorePolicy::when_stored, dual::StorePolicy::as_in_t1}) {
            setup.one_lpid = one_lpid;
            setup.stores = stores;
            const Explored explored = explore(setup, build);
            EXPECT_EQ(explored.failure, "");
            EXPECT_TRUE(explored.complete) << "not all interleavings";
            EXPECT_GT(explored.runs, 3u);
            std::printf("%s: %llu runs, %llu steps, %llu cut\n", one_lpid ? "one LPID" : "two LPIDs",
                        static_cast<unsigned long long>(explored.runs), static_cast<unsigned long long>(explored.steps),
                        static_cast<unsigned long long>(explored.cut));
        }
}

TEST(Litmus, L1_RemoveAgainstAStoreThroughT2) { expect_holds(remove_and_store); }
TEST(Litmus, L1_RemoveAgainstAStoreThroughAWritableTwin) { expect_holds(remove_and_store_of_a_writer); }
TEST(Litmus, L2_SweepAgainstRemoveOfTheSameSlot) { expect_holds(sweep_and_remove); }
TEST(Litmus, L3_ClearModAgainstTheSweep) { expect_holds(sweep_and_clear); }
TEST(Litmus, L4_FillAgainstRemove) { expect_holds(fill_and_remove); }
TEST(Litmus, L5_FillAgainstTheSwitch) { expect_holds(fill_and_switch); }
TEST(Litmus, L6_ProtectAgainstAStore) { expect_holds(protect_and_store); }
TEST(Litmus, L7_ProcessorsOnDifferentTablesAndRemove) { expect_holds(two_tables_and_remove); }
// Of a resize, see resize_litmus_test.cpp: here it is H_CLEAR_HPT that takes the whole table.
TEST(Litmus, L8_ClearOfTheTableAgainstTheSweep) { expect_holds(clear_table_and_sweep); }
TEST(Litmus, L9_ALockHeldInTheGroupOfAnEnter) { expect_holds(holder_and_enter); }
TEST(Litmus, StartAgainstACallThatGoesToOneTable) {
    const Explored explored = explore({.begun = false}, [](Scene& s) { start_and_call(s, true); });
    EXPECT_EQ(explored.failure, "");
    EXPECT_TRUE(explored.complete);
    std::printf("%llu runs\n", static_cast<unsigned long long>(explored.runs));
    const Explored without = explore({.begun = false}, [](Scene& s) { start_and_call(s, false); });
    EXPECT_NE(without.failure, "") << "nobody waited for the call, and it did no harm";
    std::printf("%llu runs: %s\n", static_cast<unsigned long long>(without.runs), without.failure.c_str());
}
TEST(Litmus, AllStoresAreSeenOnceAllAreSaidToBe) { expect_holds(start_and_store, {.begun = false}); }
TEST(Litmus, DualBeginsUnderACall) { expect_holds(begin_and_call, {.begun = false}); }
TEST(Litmus, R7_TheDrainBeginsUnderACall) { expect_holds(switch_and_remove); }
TEST(Litmus, AProcessorComesInWhileT2Goes) { expect_holds(switch_and_enter, {.ends = true}); }
TEST(Litmus, AFaultWhileT2Goes) { expect_holds(handler_and_switch, {.ends = true}); }
TEST(Litmus, ReleaseAgainstACallThatGoesToBothTables) {
    expect_holds([](Scene& s) { release_and_call(s, true); }, {.ends = true});
    const Explored without = explore({.ends = true}, [](Scene& s) { release_and_call(s, false); });
    EXPECT_NE(without.failure.find("R4"), std::string::npos) << "nobody waited for the call, and it did no harm";
}
TEST(Litmus, ASecondMigration) { expect_holds(second_migration); }
// A section of T1 is sent while it changes, and at the end the target has what is there.
TEST(Litmus, ASectionIsSentUnderRemove) { expect_holds(send_and_remove, {.sends = true}); }
TEST(Litmus, ASectionIsSentUnderEnter) { expect_holds(send_and_enter, {.sends = true}); }
TEST(Litmus, ASectionIsSentUnderProtect) { expect_holds(send_and_protect, {.sends = true}); }
TEST(Litmus, ASectionIsSentUnderClearModAndAStore) { expect_holds(send_and_clear, {.sends = true}); }
TEST(Litmus, ASectionIsSentUnderAccesses) { expect_holds(send_and_store, {.sends = true}); }
TEST(Litmus, ASectionIsSentUnderAFold) { expect_holds(send_and_fold, {.sends = true}); }
TEST(Litmus, ASectionIsSentUnderAnEvictionAndAStore) { expect_holds(send_and_evict, {.sends = true}); }
TEST(Litmus, ASectionIsSentUnderTwoCalls) { expect_holds(send_and_calls_on_both, {.sends = true}); }
TEST(Litmus, AFoldAfterASectionWasSent) { expect_holds(fold_without_a_send, {.sends = true}); }

// I3: R and C that the machine sets in T2 are looked for while it sets them.
TEST(Litmus, I3_ALookUnderAccesses) { expect_holds(look_and_store, {.sends = true}); }
TEST(Litmus, I3_ALookUnderAFold) { expect_holds(look_and_fold, {.sends = true}); }
TEST(Litmus, I3_ALookUnderClearModAndAStore) { expect_holds(look_and_clear, {.sends = true}); }
TEST(Litmus, I3_ALookAndASectionUnderAStore) { expect_holds(look_and_send, {.sends = true}); }
TEST(Litmus, TwoFillsOfOnePage) { expect_holds(two_fills); }
TEST(Litmus, FoldAgainstAStore) { expect_holds(fold_and_store); }
TEST(Litmus, FoldAgainstAnUpgrade) { expect_holds(fold_and_upgrade); }
TEST(Litmus, FoldAgainstClearMod) { expect_holds(fold_and_clear); }
TEST(Litmus, DrainWhileT1IsWalked) { expect_holds(drain_and_stores_through_t1); }
TEST(Litmus, SwitchOfAProcessorWithAnOldTranslation) { expect_holds(switch_with_an_old_entry); }
TEST(Litmus, ReadAgainstTheSweep) { expect_holds(read_and_sweep); }
TEST(Litmus, BlockRemoveAgainstRemove) { expect_holds(block_remove_and_remove); }

} // namespace
} // namespace transom::interleave

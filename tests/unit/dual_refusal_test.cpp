// SPDX-License-Identifier: Apache-2.0
#include <dual_fill_fixture.hpp>

namespace transom::dual {
namespace {

using papr::Ptex;

TEST_P(DualFill, R12_WhatT1DoesNotHaveIsThePartitionsOwnFault) {
    s.to_dual();
    EXPECT_EQ(s.load(0, page), cause::no_entry);
    EXPECT_EQ(s.store(0, page), cause::no_entry | cause::store);
    EXPECT_EQ(s.access(0, s.made(page, AccessKind::fetch)), cause::no_entry);
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(s.engine.counters().reflected, 3u);
}

TEST_P(DualFill, R13_WhatT1ForbidsIsReflectedWithItsCause) {
    const Page locked{3, 6}, quiet{3, 7}, keyed{3, 8};
    s.enter(page);
    const Ptex read_only = s.enter(locked), no_execute = s.enter(quiet, papr::d1::no_execute);
    s.enter(keyed, std::uint64_t{5} << 9);
    ASSERT_TRUE(s.protect(read_only, 3).has_value());
    s.to_dual();
    EXPECT_EQ(s.load(0, locked), 0u);
    EXPECT_EQ(s.store(0, locked), cause::protection | cause::store);
    EXPECT_EQ(s.access(0, s.made(quiet, AccessKind::fetch)), cause::no_execute);
    EXPECT_FALSE(s.has_twin(no_execute));
    Access access = s.made(keyed, AccessKind::store);
    access.amr = std::uint64_t{0b10} << (62 - 10);
    EXPECT_EQ(s.engine.fault(0, access).cause, cause::key | cause::store);
    access.kind = AccessKind::load;
    EXPECT_EQ(s.engine.fault(0, access).answer, FaultAnswer::again);
    access.amr = std::uint64_t{0b01} << (62 - 10);
    EXPECT_EQ(s.engine.fault(0, access).cause, cause::key);
    access.kind = AccessKind::fetch;
    access.iamr = access.amr;
    EXPECT_EQ(s.engine.fault(0, access).cause, cause::key);
    // Restricted in T2 only: no fault of the partition's.
    EXPECT_EQ(s.load(0, page), 0u);
    EXPECT_EQ(s.store(0, page), 0u);
}

// R12, R13: SRR1 of a fetch, ISA 3.0B Book III 6.5.5, in the order in which the machine finds them.
TEST_P(DualFill, R13_EachCauseOfAFetchHasItsBit) {
    const auto fetch = [this](Page at, bool segment_no_execute, std::uint64_t iamr, bool key) {
        Access access = s.made(at, AccessKind::fetch, key);
        access.segment_no_execute = segment_no_execute;
        access.iamr = iamr;
        const FaultOutcome outcome = s.engine.fault(0, access);
        return outcome.answer == FaultAnswer::reflect ? outcome.cause : 0;
    };
    const std::uint64_t no_fetch_5 = std::uint64_t{0b01} << (62 - 10);
    const Page plain{3, 6}, quiet{3, 7}, keyed{3, 8}, both{3, 9}, absent{3, 10};
    s.enter(plain);
    s.enter(quiet, papr::d1::no_execute);
    s.enter(keyed, std::uint64_t{5} << 9);
    s.enter(both, papr::d1::no_execute | std::uint64_t{5} << 9);
    const Ptex privileged = s.enter(page);
    ASSERT_TRUE(s.protect(privileged, 0).has_value());
    s.to_dual();
    EXPECT_EQ(fetch(absent, false, 0, false), 0x40000000u);         // 33
    EXPECT_EQ(fetch(quiet, false, 0, false), 0x10000000u);          // 35
    EXPECT_EQ(fetch(page, false, 0, true), 0x08000000u);            // 36
    EXPECT_EQ(fetch(keyed, false, no_fetch_5, false), 0x00200000u); // 42
    EXPECT_EQ(fetch(both, false, no_fetch_5, false), 0x10200000u);  // 35 and 42
    EXPECT_EQ(fetch(plain, true, 0, false), 0x10000000u) << "the segment's N";
    EXPECT_EQ(fetch(absent, true, 0, false), 0x10000000u) << "is looked at before the table";
    EXPECT_EQ(fetch(keyed, true, no_fetch_5, true), 0x10000000u) << "and before the entry";
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(fetch(plain, false, no_fetch_5, false), 0u);
    // The refusal of an entry that has a twin is the same.
    EXPECT_EQ(s.load(0, quiet), 0u);
    EXPECT_EQ(fetch(quiet, false, 0, false), 0x10000000u);
    EXPECT_EQ(s.access(0, s.made(quiet, AccessKind::fetch)), 0x10000000u);
}

// C12, R25, R30: the hypervisor's own entries are filled like others, and the partition does not see them.
TEST_P(DualFill, R25_AccessesInRealModeAreServedAndTracked) {
    s.to_dual();
    EXPECT_EQ(s.engine.fault_in_real_mode(0, {0x123456}, AccessKind::store, s.memory, cause::no_entry).answer,
              FaultAnswer::again);
    EXPECT_EQ(s.twins(), 1u);
    EXPECT_EQ(s.pages.count[0x120000], 1);
    EXPECT_EQ(s.store(0, {0x1ffffff, 0x12}), 0u);
    EXPECT_FALSE(s.engine.table().next_used({0}, {s.table.slot_count()}).has_value());
    EXPECT_EQ(s.engine.fault_in_real_mode(0, {0x40000000}, AccessKind::load, s.memory, cause::no_entry).answer,
              FaultAnswer::reflect);
    // H_ENTER takes its slot, and its twin with it.
    const Ptex group = hpt::group_for(0x1ffffff, 0x12);
    for (std::uint64_t i = 0; i < 8; ++i)
        ASSERT_TRUE(s.enter(group, hpt::entry_for(1, i)).has_value());
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(s.pages.count[0x120000], 0);
}

// Ours stays, and what the machine notes in its twin does, where the partition throws all of its entries away.
TEST_P(DualFill, R30_ClearingTheTableLeavesOurOwnWithTheirTwins) {
    s.enter(page);
    s.to_dual();
    ASSERT_EQ(s.load(0, page), 0u);
    ASSERT_EQ(s.engine.fault_in_real_mode(0, {0x123456}, AccessKind::store, s.memory, cause::no_entry).answer,
              FaultAnswer::again);
    ASSERT_EQ(s.twins(), 2u);
    s.clear_table();
    EXPECT_EQ(s.twins(), 1u);
    EXPECT_EQ(s.pages.count[0x120000], 1);
    EXPECT_EQ(s.store(0, {0x1ffffff, 0x12}), 0u) << "without another fault";
    EXPECT_EQ(s.load(0, page), cause::no_entry);
}

/// Faults in real mode at page 0x12 of the partition's memory.
class DualRealMode : public DualFill {
  protected:
    FaultOutcome fault(AccessKind kind, std::uint64_t refused = cause::no_entry) {
        return s.engine.fault_in_real_mode(0, {0x123456}, kind, s.memory, refused);
    }
    const Ptex group = hpt::group_for(0x1ffffff, 0x12);
    const Ptex other = papr::ptex(hpt::group_of(~Page{0x1ffffff, 0x12}.hash(), hpt::test_log2_bytes), 0);
};
INSTANTIATE_TEST_SUITE_P(Formats, DualRealMode, hpt::every_format, hpt::format_name);

// R25: made by the first one in T1, and found there by the others.
TEST_P(DualRealMode, R25_AnEntryThatIsThereIsFilled) {
    s.to_dual();
    EXPECT_EQ(fault(AccessKind::load).answer, FaultAnswer::again);
    EXPECT_EQ(s.twins(), 1u);
    EXPECT_EQ(s.engine.counters().faults, 2u) << "looked for, made, looked for";
    EXPECT_EQ(fault(AccessKind::store, cause::protection | cause::store).answer, FaultAnswer::again);
    EXPECT_EQ(s.engine.counters().faults, 3u);
    EXPECT_EQ(s.engine.counters().upgrades, 1u);
    EXPECT_EQ(s.store(1, {0x1ffffff, 0x12}), 0u);
}

// A storage key: no entry of ours would help, and it would fault for ever.
TEST_P(DualRealMode, R13_AKeyThatTheMachineSaysForbidsIsThePartitionsOwnFault) {
    s.to_dual();
    EXPECT_EQ(fault(AccessKind::load).answer, FaultAnswer::again);
    FaultOutcome outcome = fault(AccessKind::store, cause::key | cause::protection | cause::store);
    EXPECT_EQ(outcome.answer, FaultAnswer::reflect);
    EXPECT_EQ(outcome.cause, cause::key | cause::store) << "what T2 alone forbids is not said";
    outcome = fault(AccessKind::fetch, cause::key);
    EXPECT_EQ(outcome.answer, FaultAnswer::reflect);
    EXPECT_EQ(outcome.cause, cause::key);
}

TEST_P(DualRealMode, WhereBothGroupsAreFullItIsAbsentAsWithOneTable) {
    s.to_dual();
    for (std::uint64_t i = 0; i < 8; ++i) {
        ASSERT_TRUE(s.enter(group, hpt::entry_for(1, i)).has_value());
        ASSERT_TRUE(s.enter(other, hpt::entry_for(2, i)).has_value());
    }
    const FaultOutcome outcome = fault(AccessKind::store);
    EXPECT_EQ(outcome.answer, FaultAnswer::reflect);
    EXPECT_EQ(outcome.cause, cause::no_entry | cause::store);
    EXPECT_TRUE(s.second_is_zero());
}

// H_ENTER takes the slot between the making of the entry and its filling: another try, and no more than one in here.
TEST_P(DualRealMode, WhatHEnterTakesMeanwhileIsTriedAgain) {
    s.to_dual();
    bool taken = false;
    s.slots.machine_turn = [&] {
        const auto& last = s.slots.events.back();
        if (taken || s.slots.events.empty() || last.kind != hpt::RecordedMemory::Kind::store_d0 ||
            (s.slots.entries[last.slot][0] & (papr::d0::valid | 0x40)) != papr::d0::valid)
            return;
        taken = true;
        s.slots.entries[last.slot] = {};
        s.slots.guest_words[last.slot] = 0;
    };
    s.slots.events.assign(1, {hpt::RecordedMemory::Kind::complete});
    EXPECT_EQ(fault(AccessKind::load).answer, FaultAnswer::again);
    EXPECT_TRUE(taken);
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(fault(AccessKind::load).answer, FaultAnswer::again);
    EXPECT_EQ(s.twins(), 1u);
}

} // namespace
} // namespace transom::dual

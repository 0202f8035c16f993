// SPDX-License-Identifier: Apache-2.0
#include <dual_fill_fixture.hpp>

namespace transom::dual {
namespace {

using papr::Ptex;
constexpr std::uint64_t C = papr::d1::changed, R = papr::d1::referenced;

INSTANTIATE_TEST_SUITE_P(Formats, DualFill, hpt::every_format, hpt::format_name);

// R1, C1: the twin is gone before the call answers.
TEST_P(DualFill, R1_ACallThatRemovesAnEntryRemovesItsTwin) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.load(0, page), 0u);
    EXPECT_TRUE(s.has_twin(slot));
    ASSERT_TRUE(s.remove(slot).has_value());
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(s.engine.live(), 0u);
    EXPECT_EQ(s.load(0, page), cause::no_entry);
}

TEST_P(DualFill, C1_TheTwinGoesBeforeTheEntryAndBothBeforeTheFlush) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.store(0, page), 0u);
    bool flushed = false;
    s.machine.on_flush_ = [&](const arch::FakeFlush& flush) {
        flushed = true;
        EXPECT_EQ((s.slots.entries[slot.value][0] | s.second.entries[slot.value][0]) & papr::d0::valid, 0u);
        for (Mmu& mmu : s.mmus)
            mmu.flush(flush.lpid, *flush.page);
    };
    s.slots.machine_turn = [&] {
        EXPECT_TRUE((s.slots.entries[slot.value][0] & papr::d0::valid) != 0 || !s.has_twin(slot)) << "T1 went first";
    };
    EXPECT_EQ(s.remove(slot)->d1 & (R | C), R | C);
    EXPECT_TRUE(flushed);
    s.slots.machine_turn = {};
}

// R9: a store between the beginning of a removal and its flush counts, and none lands afterwards.
TEST_P(DualFill, R9_AStoreUntilTheFlushIsInTheAnswer) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.store(1, page), 0u);
    ASSERT_TRUE(s.clear(slot, C).has_value());
    EXPECT_EQ(s.usage(slot), R);
    EXPECT_EQ(s.load(1, page), 0u);
    EXPECT_EQ(s.access(1, s.made(page, AccessKind::store)), 0u); // an upgrade, as the clear dropped the twin
    s.mmus[0].flush(s.second_lpid);
    bool stored = false;
    s.machine.on_flush_ = [&](const arch::FakeFlush& flush) {
        if (!stored && flush.lpid == s.second_lpid)
            stored = s.mmus[1].access(s.second, s.second_lpid, s.made(page, AccessKind::store)) == 0;
        for (Mmu& mmu : s.mmus)
            mmu.flush(flush.lpid, *flush.page);
    };
    const auto removed = s.remove(slot);
    EXPECT_TRUE(stored);
    EXPECT_EQ(removed->d1 & C, C);
    EXPECT_EQ(s.store(1, page), cause::no_entry | cause::store);
}

TEST_P(DualFill, R14_TheFirstStoreMakesTheTwinWritableAndIsCounted) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    const std::uint64_t logical = page.number << 16;
    EXPECT_EQ(s.load(0, page), 0u);
    EXPECT_EQ(s.load(1, page), 0u);
    EXPECT_EQ(s.twin_pp(slot), 3u);
    EXPECT_EQ(s.pages.count[logical], 0);
    // P1: raised before the entry permits a store.
    s.pages.before_raise = [&] { EXPECT_FALSE(s.has_twin(slot)); };
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.twin_pp(slot), 2u);
    EXPECT_EQ(s.pages.count[logical], 1);
    EXPECT_EQ(s.store(1, page), 0u) << "has the older entry in its TLB";
    EXPECT_EQ(s.engine.counters().upgrades, 1u);
    EXPECT_EQ(s.usage(slot), R | C);
    // P2: lowered after the flush.
    s.machine.on_flush_ = [&](const arch::FakeFlush&) { EXPECT_EQ(s.pages.count[logical], 1); };
    ASSERT_TRUE(s.remove(slot).has_value());
    EXPECT_EQ(s.pages.count[logical], 0);
}

TEST_P(DualFill, AtTheTargetStoresArePermittedAtOnce) {
    const Ptex slot = s.enter(page);
    s.to_dual(StorePolicy::as_in_t1);
    EXPECT_EQ(s.load(0, page), 0u);
    EXPECT_EQ(s.twin_pp(slot), 2u);
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.engine.counters().faults, 1u);
}

TEST_P(DualFill, J3_APageThatIsMissingIsAskedForAndNothingHasChanged) {
    const Ptex slot = s.enter(page);
    s.pages.missing.insert(page.number << 16);
    s.to_dual();
    const FaultOutcome outcome = s.engine.fault(0, s.made(page));
    EXPECT_EQ(outcome.answer, FaultAnswer::missing);
    EXPECT_EQ(outcome.page, LogicalAddr{page.number << 16});
    EXPECT_EQ(outcome.size, kib(64));
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_TRUE(s.remove(slot).has_value()) << "the slot is still locked";
    s.enter(page);
    EXPECT_EQ(s.load(0, page), 0u);
    EXPECT_EQ(s.fetched, 1u);
}

// R15: as large as T1's page; the page is the unit.
TEST(DualLargePages, R15_TheTwinOfALargePageIsAsLarge) {
    DualScene s{{.large_pages = true}};
    const hpt::SegmentOffset place{papr::SegmentSize::tib_1, 9, 3 << 24};
    const std::uint64_t d0 = hpt::virtual_page_field(place, papr::PageSize::mib_16) | papr::d0::large | papr::d0::valid;
    const Ptex group =
        papr::ptex(hpt::group_of(hpt::primary_hash(place, papr::PageSize::mib_16), hpt::test_log2_bytes), 0);
    const auto slot = s.enter(group, {d0, std::uint64_t{1} << 24 | papr::d1::wimg_memory | 2});
    ASSERT_TRUE(slot.has_value());
    s.to_dual();
    Access access{{papr::SegmentSize::tib_1, 9, (3 << 24) + 0x812345}, papr::PageSize::mib_16, AccessKind::store};
    EXPECT_EQ(s.engine.fault(0, access).answer, FaultAnswer::again);
    EXPECT_EQ(s.second.entries[slot->value][0], s.slots.entries[slot->value][0]);
    EXPECT_EQ(s.pages.count[1 << 24], 1);
    access.base = papr::PageSize::kib_64;
    EXPECT_EQ(s.engine.fault(0, access).answer, FaultAnswer::reflect) << "a segment of other pages";
    ASSERT_TRUE(s.remove(*slot).has_value());
    EXPECT_EQ(s.pages.count[1 << 24], 0);
}

TEST_P(DualFill, R16_ReadShowsRAndCOfBothTables) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.usage(slot), 0u);
    EXPECT_EQ(s.load(0, page), 0u);
    EXPECT_EQ(s.usage(slot), R);
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.usage(slot), R | C);
    EXPECT_EQ(s.slots.entries[slot.value][1] & (R | C), 0u) << "T1 has it from T2 only";
    EXPECT_EQ(s.read(slot).d1 & papr::d1::page_number, page.number << 16 | 0x1000) << "the logical page";
    EXPECT_EQ(s.engine.table().next_used({0}, {s.table.slot_count()})->entry, s.read(slot));
    s.to_drain();
    EXPECT_EQ(s.usage(slot), R | C);
    s.sweep();
    EXPECT_EQ(s.usage(slot), R | C);
}

TEST_P(DualFill, R17_WhatIsClearedStaysClearUntilTheNextStore) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.clear(slot, C).value() & (R | C), R | C);
    EXPECT_EQ(s.usage(slot), R);
    EXPECT_EQ(s.clear(slot, R).value() & (R | C), R);
    EXPECT_EQ(s.usage(slot), 0u);
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.usage(slot), R | C);
    // Between the switch and the sweep: no late merge.
    s.to_drain();
    EXPECT_EQ(s.clear(slot, C).value() & C, C);
    s.sweep();
    EXPECT_EQ(s.usage(slot), R);
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.usage(slot), R | C);
}

TEST_P(DualFill, R18_ANarrowedEntryTakesNoStoreAndAWidenedOneDoes) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.store(1, page), 0u);
    ASSERT_TRUE(s.protect(slot, 3).has_value());
    EXPECT_EQ(s.store(0, page), cause::protection | cause::store);
    EXPECT_EQ(s.store(1, page), cause::protection | cause::store);
    EXPECT_EQ(s.load(1, page), 0u);
    ASSERT_TRUE(s.protect(slot, 2).has_value());
    EXPECT_EQ(s.store(1, page), 0u);
    EXPECT_EQ(s.usage(slot), R | C) << "R and C stay over H_PROTECT";
}

TEST_P(DualFill, R19_AConditionThatIsNotMetChangesNothing) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.store(0, page), 0u);
    const auto before = s.slots.entries;
    const auto twins = s.second.entries;
    EXPECT_EQ(s.remove(slot, hpt::Condition::avpn(0)).error(), hpt::TableError::not_found);
    EXPECT_EQ(s.remove(slot, hpt::Condition::andcond(papr::d0::valid)).error(), hpt::TableError::not_found);
    EXPECT_EQ(s.protect(slot, 3, hpt::Condition::avpn(0)).error(), hpt::TableError::not_found);
    EXPECT_EQ(s.slots.entries, before);
    EXPECT_EQ(s.second.entries, twins);
}

// The first store to an entry is one flush, by which all TLBs lose the entry without stores; who comes later needs none.
TEST_P(DualFill, R14_AnUpgradeIsOneFlushForAllProcessors) {
    s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.load(0, page), 0u);
    EXPECT_EQ(s.load(1, page), 0u);
    const std::uint64_t flushes = s.flushes, faults = s.engine.counters().faults;
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.flushes, flushes + 1);
    EXPECT_EQ(s.engine.counters().faults, faults + 1);
    // One that had faulted before the other was done.
    EXPECT_EQ(s.engine.fault(1, s.made(page, AccessKind::store)).answer, FaultAnswer::again);
    EXPECT_EQ(s.flushes, flushes + 1);
    EXPECT_EQ(s.store(1, page), 0u);
    EXPECT_EQ(s.engine.counters().faults, faults + 2) << "and its TLB has nothing that would make it fault again";
}

// C6: not in a phase in which T2 gets nothing new.
TEST_P(DualFill, C6_AMissWhileSwitchingSendsTheProcessorToT1) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    s.engine.stop();
    EXPECT_EQ(s.engine.advance(), Phase::switching);
    EXPECT_EQ(s.store(0, page), 0u);
    EXPECT_EQ(s.pointed_at[0], Which::first);
    EXPECT_EQ(s.pointed_at[1], Which::second);
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(s.slots.entries[slot.value][1] & C, C);
    EXPECT_EQ(s.engine.counters().lazy_switches, 1u);
    EXPECT_EQ(s.engine.awaited(), 2u);
}

// C7: H_ENTER has nothing to do in T2.
TEST_P(DualFill, C7_AnEntryThatIsNewHasNoTwin) {
    s.to_dual();
    const Ptex slot = s.enter(page);
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(s.load(0, page), 0u);
    ASSERT_TRUE(s.protect(slot, 1).has_value());
    EXPECT_TRUE(s.second_is_zero()) << "widening, too, drops it";
}

// C8: H_BLOCK_REMOVE answers busy for a slot that is locked, and only that one waits for nothing.
TEST_P(DualFill, C8_BlockRemoveOnlyTries) {
    const Ptex slot = s.enter(page);
    s.to_dual();
    EXPECT_EQ(s.load(0, page), 0u);
    std::optional<hpt::BlockAnchor> anchor;
    s.slots.entries[slot.value][0] |= 0x40;
    EXPECT_EQ(s.engine.table().begin_block_remove({slot, {}}, anchor).error(), hpt::BlockError::busy);
    s.slots.entries[slot.value][0] &= ~std::uint64_t{0x40};
    auto begun = s.engine.table().begin_block_remove({slot, {}}, anchor);
    ASSERT_TRUE(begun.has_value());
    const hpt::Flushed flushed = s.discharge(begun->obligation());
    EXPECT_EQ(s.engine.table().finish_remove(std::move(*begun), flushed).d1 & R, R);
    EXPECT_TRUE(s.second_is_zero());
}

} // namespace
} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#include <hpt_fixture.hpp>

namespace transom::hpt {
namespace {

using papr::Ptex;
using testing::ElementsAre;

class HptTable : public testing::TestWithParam<Format> {
  protected:
    TestTable t{{.format = GetParam()}};
};

INSTANTIATE_TEST_SUITE_P(Formats, HptTable, every_format, format_name);

TEST_P(HptTable, EnterTakesTheFirstFreeSlotOfTheGroup) {
    for (std::uint64_t i = 0; i < 8; ++i)
        EXPECT_EQ(t.enter({0x105}, entry_for(1, i)), Ptex{0x100 + i}); // the low three bits do not count
    EXPECT_EQ(t.enter({0x100}, entry_for(1, 8)).error(), TableError::group_full);
    ASSERT_TRUE(t.remove({0x103}).has_value());
    EXPECT_EQ(t.enter({0x100}, entry_for(1, 8)), Ptex{0x103});
}

TEST_P(HptTable, ExactTakesThatSlotOrNone) {
    EXPECT_EQ(t.enter({0x105}, entry_for(1, 1), true), Ptex{0x105});
    EXPECT_EQ(t.enter({0x105}, entry_for(1, 2), true).error(), TableError::group_full);
    EXPECT_EQ(t.read({0x105}), entry_for(1, 1));
}

TEST_P(HptTable, TheMachineWalksTheRealPage) {
    ASSERT_TRUE(t.enter({0}, entry_for(1, 0x123)).has_value()); // logical 0x1230000: block 1, at real 3 * 16 MiB
    const papr::PageTableEntry entry = entry_for(1, 0x123);
    const HardwareEntry hardware =
        to_hardware(GetParam(), entry, {papr::PageSize::kib_64, papr::PageSize::kib_64, true, 1}, {0x3230000});
    EXPECT_THAT(t.slots.entries[0], ElementsAre(hardware.d0, hardware.d1));
}

TEST_P(HptTable, RefusesWhatIsNotMemory) {
    EXPECT_EQ(t.enter({0}, entry_for(1, 0x400)).error(), TableError::address); // 64 MiB
    papr::PageTableEntry entry = entry_for(1, 1);
    for (const std::uint64_t wimg : {0x00ull, 0x08ull, 0x18ull, 0x28ull, 0x30ull, 0x50ull, 0x70ull, 0x78ull}) {
        entry.d1 = (entry.d1 & ~papr::d1::wimg) | wimg;
        EXPECT_EQ(t.enter({0}, entry).error(), TableError::cache_attributes) << wimg;
    }
    EXPECT_EQ(t.enter({t.table.slot_count()}, entry_for(1, 1)).error(), TableError::no_such_slot);
    EXPECT_TRUE(t.enter({t.table.slot_count() - 1}, entry_for(1, 1)).has_value());
}

TEST_P(HptTable, LargePagesOnlyWhereTheyAreEnabled) {
    const papr::PageTableEntry large{5, 0x1000000 | papr::d1::wimg_memory};
    EXPECT_EQ(t.enter({0}, large).error(), TableError::page_size);
    t.table.init(RecordedSlots(t.slots), test_log2_bytes, {.format = GetParam(), .large_pages = true});
    EXPECT_TRUE(t.enter({0}, large).has_value());
}

TEST_P(HptTable, RemoveGivesTheEntryAndEmptiesTheSlot) {
    const papr::PageTableEntry entry{entry_for(5, 7, 0x18).d0, entry_for(5, 7).d1 | 0xb000000000000e85};
    ASSERT_TRUE(t.enter({8}, {entry.d0 | 0x60, entry.d1 | papr::d1::reserved}).has_value());
    EXPECT_EQ(t.read({8}), entry);
    EXPECT_EQ(t.remove({8}), entry);
    EXPECT_EQ(t.read({8}), papr::PageTableEntry{});
    EXPECT_EQ(t.remove({8}).error(), TableError::not_found);
    EXPECT_THAT(t.slots.entries[8], ElementsAre(0, 0));
    EXPECT_EQ(t.slots.guest_words[8], 0u);
    EXPECT_EQ(t.remove({t.table.slot_count()}).error(), TableError::no_such_slot);
}

TEST_P(HptTable, ConditionsKeepAnEntry) {
    const papr::PageTableEntry entry = entry_for(5, 7, 0x10);
    ASSERT_TRUE(t.enter({8}, entry).has_value());
    const std::size_t stored = t.slots.events.size();
    EXPECT_EQ(t.remove({8}, Condition::andcond(0x10)).error(), TableError::not_found);
    EXPECT_EQ(t.remove({8}, Condition::avpn(entry_for(6, 7).d0)).error(), TableError::not_found);
    EXPECT_EQ(t.protect({8}, 3, Condition::avpn(entry_for(6, 7).d0)).error(), TableError::not_found);
    for (std::size_t i = stored; i < t.slots.events.size(); ++i) // it never was invalid
        EXPECT_NE(t.slots.events[i].value & 1, 0u);
    EXPECT_EQ(t.read({8}), entry);
    EXPECT_TRUE(t.machine.flushes_.empty());
    EXPECT_TRUE(t.remove({8}, Condition::avpn(entry.d0 & papr::d0::compared)).has_value());
}

TEST_P(HptTable, ProtectChangesProtectionAndKeepsUsage) {
    papr::PageTableEntry entry = entry_for(5, 7);
    entry.d1 |= papr::d1::usage | papr::d1::key_low | papr::d1::pp0;
    ASSERT_TRUE(t.enter({8}, entry).has_value());
    ASSERT_TRUE(t.protect({8}, 0x3000000000000005).has_value());
    EXPECT_EQ(t.read({8}).d1, (entry.d1 & ~papr::d1::protection) | 0x3000000000000005);
    EXPECT_EQ(t.slots.entries[8][1] & papr::d1::protection, 0x3000000000000005u);
    EXPECT_EQ(t.machine.flushes_.size(), 1u);
    EXPECT_EQ(t.protect({9}, 0).error(), TableError::not_found);
    // The same again is no change, and no flush.
    ASSERT_TRUE(t.protect({8}, 0x3000000000000005).has_value());
    EXPECT_EQ(t.machine.flushes_.size(), 1u);
}

TEST_P(HptTable, ClearTakesOneOfTheUsageBits) {
    papr::PageTableEntry entry = entry_for(5, 7);
    ASSERT_TRUE(t.enter({8}, entry).has_value());
    EXPECT_EQ(t.clear({8}, papr::d1::changed), entry.d1);
    EXPECT_TRUE(t.machine.flushes_.empty());
    t.slots.entries[8][1] |= papr::d1::usage; // the machine's doing
    EXPECT_EQ(t.read({8}).d1, entry.d1 | papr::d1::usage);
    EXPECT_EQ(t.clear({8}, papr::d1::changed), entry.d1 | papr::d1::usage);
    EXPECT_EQ(t.read({8}).d1, entry.d1 | papr::d1::referenced);
    EXPECT_EQ(t.clear({8}, papr::d1::referenced), entry.d1 | papr::d1::referenced);
    EXPECT_EQ(t.read({8}), entry);
    EXPECT_EQ(t.machine.flushes_.size(), 2u);
    EXPECT_EQ(t.clear({9}, papr::d1::changed).error(), TableError::not_found);
}

TEST_P(HptTable, FlushesNameThePage) {
    ASSERT_TRUE(t.enter(group_for(0x1357, 0x2a), entry_for(0x1357, 0x2a)).has_value());
    ASSERT_TRUE(t.remove(group_for(0x1357, 0x2a)).has_value());
    ASSERT_EQ(t.machine.flushes_.size(), 1u);
    const VirtualPage page{(0x1357ull << 40) | 0x2a0000, papr::SegmentSize::tib_1, papr::PageSize::kib_64,
                           papr::PageSize::kib_64};
    EXPECT_EQ(t.machine.flushes_[0].page, page);
}

TEST_P(HptTable, AnInvalidEntryIsKeptUntilTheSlotIsUsed) {
    papr::PageTableEntry entry = entry_for(5, 7, 0x10);
    entry.d0 &= ~papr::d0::valid;
    entry.d1 |= papr::d1::usage;
    EXPECT_EQ(t.enter({8}, entry), Ptex{8});
    EXPECT_EQ(t.read({8}), entry);
    EXPECT_EQ(t.slots.entries[8][0] & papr::d0::valid, 0u);
    EXPECT_EQ(t.remove({8}).error(), TableError::not_found);
    EXPECT_EQ(t.enter({8}, entry_for(6, 6)), Ptex{8});
    EXPECT_EQ(t.read({8}), entry_for(6, 6));
}

TEST_P(HptTable, AnAbandonedEnterLeavesNothing) {
    Gprs gprs{};
    gprs[6] = entry_for(1, 1).d0;
    gprs[7] = entry_for(1, 1).d1;
    papr::PageTableEntry invalid = entry_for(2, 2);
    invalid.d0 &= ~papr::d0::valid;
    ASSERT_TRUE(t.enter({0}, invalid).has_value());
    auto pending = t.table.begin_enter(*EnterArgs::parse(gprs), t.memory);
    ASSERT_TRUE(pending.has_value());
    const Flushed flushed = t.discharge(pending->obligation());
    t.table.abandon_enter(std::move(*pending), flushed);
    EXPECT_EQ(t.read({0}), invalid);
    EXPECT_EQ(t.enter({0}, entry_for(1, 1)), Ptex{0});
}

TEST_P(HptTable, EverythingThePartitionSeesComesBackAtTheTarget) {
    papr::PageTableEntry used = entry_for(5, 7, 0x18);
    papr::PageTableEntry invalid = entry_for(6, 8);
    invalid.d0 &= ~papr::d0::valid;
    invalid.d1 |= papr::d1::changed;
    ASSERT_TRUE(t.enter({0}, entry_for(1, 1)).has_value());
    ASSERT_TRUE(t.enter({0x77}, used, true).has_value());
    ASSERT_TRUE(t.enter({0x80}, invalid).has_value());
    ASSERT_TRUE(t.enter({t.table.slot_count() - 1}, entry_for(2, 2), true).has_value());
    ASSERT_TRUE(t.table.insert_real_mode({0x10000}, t.memory).has_value());
    t.slots.entries[0x77][1] |= papr::d1::usage;

    TestTable* source = &t;
    std::vector<UsedSlot> stream;
    const Ptex end{source->table.slot_count()};
    for (auto next = source->table.next_used({0}, end); next;
         next = source->table.next_used({next->slot.value + 1}, end))
        stream.push_back(*next);
    ASSERT_EQ(stream.size(), 4u);
    EXPECT_EQ(stream[1].entry.d1, used.d1 | papr::d1::usage);

    std::vector<papr::PageTableEntry> before;
    for (std::uint64_t i = 0; i < end.value; ++i)
        before.push_back(source->read({i}));
    RecordedMemory target_slots(test_log2_bytes);
    Table<RecordedSlots> target;
    target.init(RecordedSlots(target_slots), test_log2_bytes, {.format = Format::isa_2_07});
    for (const UsedSlot& one : stream)
        ASSERT_TRUE(target.restore(one, t.memory).has_value());
    for (std::uint64_t i = 0; i < end.value; ++i)
        ASSERT_EQ(*target.read({i}), before[i]) << i;
}

TEST_P(HptTable, RestoreTrustsNobody) {
    EXPECT_EQ(t.table.restore({{t.table.slot_count()}, entry_for(1, 1)}, t.memory).error(), TableError::no_such_slot);
    EXPECT_EQ(t.table.restore({{0}, entry_for(1, 0x400)}, t.memory).error(), TableError::address);
    EXPECT_EQ(t.table.restore({{0}, {~0ull, 0}}, t.memory).error(), TableError::virtual_page);
    EXPECT_TRUE(t.table.restore({{0}, entry_for(1, 1)}, t.memory).has_value());
    EXPECT_EQ(t.table.restore({{0}, entry_for(1, 2)}, t.memory).error(), TableError::group_full);
    EXPECT_EQ(t.read({0}), entry_for(1, 1));
}

TEST(HptObligation, AChangeThatIsNotFinishedIsAPanic) {
    TestTable t;
    ASSERT_TRUE(t.enter({0}, entry_for(1, 1)).has_value());
    EXPECT_DEATH({ const auto dropped = t.table.begin_remove({{0}, {}}); }, "begun and not finished");
    EXPECT_DEATH(
        {
            auto pending = t.table.begin_remove({{0}, {}});
            t.table.finish_remove(std::move(*pending), arch::Tlb::discharge({}, 1));
        },
        "without its flush");
}

TEST(HptObligation, Isa30RefusesAddressesThatItsEntriesCannotHold) {
    TestTable t{{.format = Format::isa_3_0}};
    papr::PageTableEntry entry = entry_for(1, 1);
    entry.d0 |= 0x0010000000000000;
    EXPECT_EQ(t.enter({0}, entry).error(), TableError::virtual_page);
}

} // namespace
} // namespace transom::hpt

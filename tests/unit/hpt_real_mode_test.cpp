// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <hpt_fixture.hpp>
#include <thread>

namespace transom::hpt {
namespace {

using papr::Ptex;

constexpr std::uint64_t real_mode_vsid = 0x1ffffff;

class HptRealMode : public testing::TestWithParam<Format> {
  protected:
    TestTable t{{.format = GetParam()}};

    std::vector<std::uint64_t> valid_slots() const {
        std::vector<std::uint64_t> valid;
        for (std::uint64_t i = 0; i < t.slots.entries.size(); ++i)
            if ((t.slots.entries[i][0] & papr::d0::valid) != 0)
                valid.push_back(i);
        return valid;
    }
};

INSTANTIATE_TEST_SUITE_P(Formats, HptRealMode, every_format, format_name);

TEST_P(HptRealMode, TheEntryIsWhereTheMachineLooks) {
    ASSERT_TRUE(t.table.insert_real_mode({0xc000000001238765}, t.memory).has_value()); // bits 0-3 do not count
    const Ptex expected{group_for(real_mode_vsid, 0x123).value + 7};
    EXPECT_THAT(valid_slots(), testing::ElementsAre(expected.value));
    const papr::PageTableEntry entry{entry_for(real_mode_vsid, 0x123).d0,
                                     entry_for(real_mode_vsid, 0x123).d1 | papr::d1::usage};
    const HardwareEntry hardware =
        to_hardware(GetParam(), entry, {papr::PageSize::kib_64, papr::PageSize::kib_64, true, 1}, {0x3230000});
    EXPECT_THAT(t.slots.entries[expected.value], testing::ElementsAre(hardware.d0, hardware.d1));
    EXPECT_TRUE(t.machine.flushes_.empty());
}

TEST_P(HptRealMode, OncePerPage) {
    for (const std::uint64_t address : {0x0ull, 0xffffull, 0x8ull, 0x10000ull})
        ASSERT_TRUE(t.table.insert_real_mode({address}, t.memory).has_value());
    EXPECT_EQ(valid_slots().size(), 2u);
}

TEST_P(HptRealMode, NotOutsideMemory) {
    for (const std::uint64_t address : {0x4000000ull, 0x0fffffffffffffffull, 0x10000000000ull})
        EXPECT_EQ(t.table.insert_real_mode({address}, t.memory).error(), TableError::address);
}

TEST_P(HptRealMode, ThePartitionDoesNotSeeIt) {
    ASSERT_TRUE(t.table.insert_real_mode({0}, t.memory).has_value());
    const Ptex slot{valid_slots().at(0)};
    EXPECT_EQ(t.read(slot), papr::PageTableEntry{});
    EXPECT_EQ(t.remove(slot).error(), TableError::not_found);
    EXPECT_EQ(t.protect(slot, 0).error(), TableError::not_found);
    EXPECT_EQ(t.clear(slot, papr::d1::changed).error(), TableError::not_found);
    EXPECT_FALSE(t.table.next_used({0}, {t.table.slot_count()}).has_value());
    EXPECT_EQ(valid_slots().size(), 1u);
    EXPECT_TRUE(t.machine.flushes_.empty());
}

TEST_P(HptRealMode, ItGoesBeforeTheGroupIsFull) {
    ASSERT_TRUE(t.table.insert_real_mode({0}, t.memory).has_value());
    const Ptex group = group_for(real_mode_vsid, 0);
    for (std::uint64_t i = 0; i < 8; ++i)
        EXPECT_EQ(t.enter(group, entry_for(1, i)), Ptex{group.value + i});
    ASSERT_EQ(t.machine.flushes_.size(), 1u);
    const VirtualPage page{real_mode_vsid << 40, papr::SegmentSize::tib_1, papr::PageSize::kib_64,
                           papr::PageSize::kib_64};
    EXPECT_EQ(t.machine.flushes_[0].page, page);
    EXPECT_EQ(t.enter(group, entry_for(1, 8)).error(), TableError::group_full);
    for (std::uint64_t i = 0; i < 8; ++i)
        EXPECT_EQ(t.read({group.value + i}), entry_for(1, i));
}

// A slot that is only locked at that moment does not make a group full.
TEST_P(HptRealMode, ALockIsWaitedForWhereNothingElseIsFree) {
    const Ptex group = group_for(real_mode_vsid, 0);
    const papr::GroupIndex other =
        group_of(~primary_hash({papr::SegmentSize::tib_1, real_mode_vsid, 0}, papr::PageSize::kib_64), test_log2_bytes);
    for (std::uint64_t i = 0; i < 8; ++i) {
        ASSERT_TRUE(t.enter(group, entry_for(1, i)).has_value());
        ASSERT_TRUE(t.enter(papr::ptex(other, 0), entry_for(2, i)).has_value());
    }
    EXPECT_EQ(t.table.insert_real_mode({0}, t.memory).error(), TableError::group_full);
    ASSERT_TRUE(t.remove({group.value + 3}).has_value());
    std::atomic_ref d0(t.slots.entries[group.value + 3][0]);
    d0 = 0x40; // somebody is at it
    std::thread holder([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        d0 = 0;
    });
    EXPECT_TRUE(t.table.insert_real_mode({0}, t.memory).has_value());
    holder.join();
    EXPECT_THAT(valid_slots(), testing::Contains(group.value + 3));
}

TEST_P(HptRealMode, ItGoesForAnExactSlot) {
    ASSERT_TRUE(t.table.insert_real_mode({0}, t.memory).has_value());
    const Ptex slot{group_for(real_mode_vsid, 0).value + 7};
    EXPECT_EQ(t.enter(slot, entry_for(1, 1), true), slot);
    EXPECT_EQ(t.machine.flushes_.size(), 1u);
    EXPECT_EQ(t.read(slot), entry_for(1, 1));
}

TEST_P(HptRealMode, TheSecondGroupHelpsOut) {
    const Ptex group = group_for(real_mode_vsid, 0);
    const Ptex other{t.table.slot_count() - 8 - group.value};
    for (std::uint64_t i = 0; i < 8; ++i)
        ASSERT_TRUE(t.enter(group, entry_for(1, i)).has_value());
    ASSERT_TRUE(t.table.insert_real_mode({0}, t.memory).has_value());
    EXPECT_NE(t.slots.entries[other.value + 7][0] & papr::d0::secondary, 0u);
    ASSERT_TRUE(t.table.insert_real_mode({0}, t.memory).has_value());
    EXPECT_EQ(valid_slots().size(), 9u);
    for (std::uint64_t i = 0; i < 8; ++i)
        ASSERT_TRUE(t.enter(other, entry_for(1, i)).has_value());
    const VirtualPage page{real_mode_vsid << 40, papr::SegmentSize::tib_1, papr::PageSize::kib_64,
                           papr::PageSize::kib_64};
    ASSERT_EQ(t.machine.flushes_.size(), 1u);
    EXPECT_EQ(t.machine.flushes_[0].page, page); // found by the secondary hash, the same page
    EXPECT_EQ(t.table.insert_real_mode({0}, t.memory).error(), TableError::group_full);
}

TEST_P(HptRealMode, SmallPagesToo) {
    t.table.init(RecordedSlots(t.slots), test_log2_bytes,
                 {.format = GetParam(), .real_mode_page = papr::PageSize::kib_4});
    ASSERT_TRUE(t.table.insert_real_mode({0x1000}, t.memory).has_value());
    const SegmentOffset place{papr::SegmentSize::tib_1, real_mode_vsid, 0x1000};
    const papr::Ptex slot = papr::ptex(group_of(primary_hash(place, papr::PageSize::kib_4), test_log2_bytes), 7);
    EXPECT_EQ(t.slots.entries[slot.value][0] & (papr::d0::large | papr::d0::valid), papr::d0::valid);
}

} // namespace
} // namespace transom::hpt

// SPDX-License-Identifier: Apache-2.0
#include <resize_fixture.hpp>

namespace transom::dual {
namespace {

using papr::Ptex;
using papr::d0::bolted;
constexpr std::uint64_t r = papr::d1::referenced, c = papr::d1::changed, usage = papr::d1::usage;
constexpr ResizePage page_a{.vsid = 5, .number = 0x123}, page_b{.vsid = 0x1234567, .number = 0xfed};
constexpr ResizePage page_of_tib{.vsid = 0x5a5, .number = 0xabcdef, .segment = papr::SegmentSize::tib_1};
constexpr ResizePage small_page{.vsid = 0x777, .number = 0xfedc, .small = true};

TEST(Resize, R29_ABoltedEntryIsInTheSameSlotOfItsNewGroup) {
    for (const unsigned new_log2 : {18u, 19u, 21u})
        for (const bool secondary : {false, true})
            for (const ResizePage& page : {page_a, page_b, page_of_tib, small_page}) {
                ResizeScene s(19, new_log2);
                s.enter(page_a, bolted, 2, secondary); // so that it is not in slot 0 where they meet
                const Ptex slot = s.enter({page.vsid, page.number, page.segment, page.small}, bolted, 2, secondary);
                const papr::PageTableEntry before = s.read(slot);
                s.begin();
                s.copy_all();
                ASSERT_FALSE(s.tables.full());
                s.change_over();
                EXPECT_EQ(s.read(s.image(page, slot, secondary)), before);
            }
}

TEST(Resize, R29_WhatIsNotBoltedStaysBehind) {
    ResizeScene s(18, 19);
    const Ptex slot = s.enter(page_a, 0);
    s.begin();
    s.copy_all();
    EXPECT_TRUE(s.read(slot).valid()); // until the change it is there
    s.change_over();
    EXPECT_FALSE(s.is_there(s.next, s.image(page_a, slot)));
}

TEST(Resize, R29_RAndCOfBothTablesCount) {
    ResizeScene s(18, 20);
    const Ptex a = s.enter(page_a, bolted), b = s.enter(page_b, bolted);
    s.begin();
    s.copy_all();
    s.use(s.old, a, r | c); // after it was copied
    s.use(s.next, s.image(page_a, a), r);
    s.use(s.next, s.image(page_b, b), r);
    s.change_over();
    EXPECT_EQ(s.read(s.image(page_a, a)).d1 & usage, r | c);
    EXPECT_EQ(s.read(s.image(page_b, b)).d1 & usage, r);
}

TEST(Resize, R29_TheFoldTakesThemToo) {
    ResizeScene s(18, 20);
    const Ptex a = s.enter(page_a, bolted);
    s.begin();
    s.copy_all();
    s.use(s.old, a, r | c);
    s.change_over();
    s.fold_all();
    EXPECT_EQ(s.next.entries[s.image(page_a, a).value][1] & usage, r | c);
    EXPECT_FALSE(s.is_there(s.old, a));
}

TEST(Resize, L8_AClearAfterTheChangeIsNotUndoneByTheFold) {
    ResizeScene s(18, 20);
    const Ptex a = s.enter(page_a, bolted);
    s.begin();
    s.copy_all();
    s.use(s.old, a, r | c);
    s.change_over();
    const Ptex now = s.image(page_a, a);
    EXPECT_EQ(*s.clear(now, c) & usage, r | c);
    s.fold_all();
    EXPECT_EQ(s.read(now).d1 & usage, r);
}

TEST(Resize, L8_ARemovalAfterTheChangeAnswersWhatTheOldTableKnew) {
    ResizeScene s(18, 20);
    const Ptex a = s.enter(page_a, bolted);
    s.begin();
    s.copy_all();
    s.use(s.old, a, r | c);
    s.change_over();
    const Ptex now = s.image(page_a, a);
    EXPECT_EQ(s.remove(now)->d1 & usage, r | c);
    EXPECT_EQ(s.enter(page_a, bolted), now);
    s.fold_all();
    EXPECT_EQ(s.read(now).d1 & usage, 0u) << "R and C of an entry that is gone";
}

TEST(Resize, R29_ChangesOfBoltedEntriesAreInBoth) {
    ResizeScene s(18, 20);
    const Ptex a = s.enter(page_a, bolted), b = s.enter(page_b, bolted);
    s.begin();
    s.copy_all();
    const Ptex late = s.enter(small_page, bolted);
    ASSERT_TRUE(s.protect(a, 3));
    ASSERT_TRUE(s.remove(b));
    EXPECT_FALSE(s.is_there(s.next, s.image(page_b, b)));
    const papr::PageTableEntry changed = s.read(a), entered = s.read(late);
    EXPECT_EQ(changed.d1 & papr::d1::pp, 3u);
    s.change_over();
    EXPECT_EQ(s.read(s.image(page_a, a)), changed);
    EXPECT_EQ(s.read(s.image(small_page, late)), entered);
}

TEST(Resize, C10_AClearedTableIsClearedInBoth) {
    ResizeScene s(18, 19);
    s.enter(page_a, bolted);
    s.begin();
    s.copy_all();
    s.enter(page_b, bolted);
    s.clear_table();
    for (const auto& entry : s.next.entries)
        ASSERT_EQ(entry[0] | entry[1], 0u);
    for (const std::uint64_t word : s.next.guest_words)
        ASSERT_EQ(word, 0u);
}

/// Of a larger table's groups several are one of a smaller one's.
TEST(Resize, R29_ASlotThatIsTakenIsFull) {
    ResizeScene s(20, 18);
    const ResizePage other{.vsid = page_a.vsid, .number = page_a.number ^ 0x800};
    const Ptex a = s.enter(page_a, bolted), b = s.enter(other, bolted);
    ASSERT_EQ(s.image(page_a, a), s.image(other, b));
    s.begin();
    s.copy_all();
    EXPECT_TRUE(s.tables.full());
}

TEST(Resize, R29_AnEntryThatFindsNoRoomLaterIsFullToo) {
    ResizeScene s(20, 18);
    s.enter(page_a, bolted);
    s.begin();
    s.copy_all();
    EXPECT_FALSE(s.tables.full());
    s.enter({.vsid = page_a.vsid, .number = page_a.number ^ 0x800}, bolted);
    EXPECT_TRUE(s.tables.full());
}

TEST(Resize, R29_AnEntryInAnotherGroupThanItsOwnIsNoEntry) {
    ResizeScene s(18, 19);
    papr::GroupIndex group = page_a.group(false, 18);
    group.value ^= 0x400; // a hash of which the entry does not hold that bit
    const auto slot = s.enter(group, {page_a.d0(bolted), page_a.d1(2)});
    ASSERT_TRUE(slot);
    s.begin();
    s.copy_all();
    s.change_over();
    for (const auto& entry : s.next.entries)
        ASSERT_EQ(entry[0] & papr::d0::valid, 0u);
}

TEST(Resize, R29_AnEntryInRealModeOfTheOldTableIsNotCopiedAndComesBack) {
    ResizeScene s(18, 19);
    ASSERT_TRUE(s.table.insert_real_mode({0x1234}, s.memory));
    s.begin();
    s.copy_all();
    for (const auto& entry : s.next.entries)
        ASSERT_EQ(entry[0], 0u);
    s.change_over();
    ASSERT_TRUE(s.tables.next().insert_real_mode({0x1234}, s.memory));
    ASSERT_TRUE(s.tables.next().insert_real_mode({0x1234}, s.memory));
    EXPECT_EQ(std::ranges::count_if(s.next.entries, [](const auto& e) { return (e[0] & papr::d0::valid) != 0; }), 1);
}

} // namespace
} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#include "table_move_fixture.hpp"
#include <map>

// A page table on its way in sections while it changes.

namespace transom::test {
namespace {

constexpr std::uint64_t C = papr::d1::changed, R = papr::d1::referenced;

TEST_F(TableMove, AllOfItGoesWhereNobodyKnowsWhatChanges) {
    for (std::uint64_t page = 0; page < 300; ++page)
        enter(page, page % 4 * C);
    table.begin(*source);
    carry_round();
    EXPECT_EQ(sent, 0u) << "there is no second table";
    carry_rest();
    EXPECT_EQ(sent, sections);
    expect_same();
}

TEST_F(TableMove, WhatHasNotChangedGoesOnce) {
    for (std::uint64_t page = 0; page < 300; ++page)
        enter(page);
    to_dual();
    carry_round();
    EXPECT_EQ(sent, sections);
    carry_round();
    EXPECT_EQ(sent, 0u);
    carry_rest();
    EXPECT_EQ(sent, 0u);
    expect_same();
}

// Each call that changes something marks its section, and one that does not marks none.
TEST_F(TableMove, EachCallThatChangesAnEntryMarksItsSection) {
    to_dual();
    const std::uint64_t slot = *enter(7, R | C), other = *enter(8);
    const auto expect_marked = [&](std::string_view after, unsigned count = 1) {
        carry_round();
        EXPECT_EQ(sent, count) << after;
        expect_same();
    };
    carry_round();
    expect_marked("nothing", 0);
    ASSERT_NE(hpt::section_of({slot}), hpt::section_of({other}));
    make(Op::read, {0, slot});
    expect_marked("H_READ", 0);
    make(Op::protect, {2, slot, 0});
    expect_marked("H_PROTECT to what it is", 0);
    make(Op::protect, {3, slot, 0});
    expect_marked("H_PROTECT");
    make(Op::clear_mod, {0, slot});
    expect_marked("H_CLEAR_MOD");
    make(Op::clear_mod, {0, slot});
    expect_marked("the same again", 0);
    make(Op::clear_ref, {0, slot});
    expect_marked("H_CLEAR_REF");
    EXPECT_EQ(make(Op::remove, {papr::hpt_flag::avpn, slot, 0}), papr::Status::not_found);
    expect_marked("H_REMOVE of another page", 0);
    make(Op::remove, {0, slot, 0});
    expect_marked("H_REMOVE");
    enter(7);
    expect_marked("H_ENTER");
    make(Op::bulk_remove, {papr::bulk::request | slot, 0, papr::bulk::request | other, 0});
    expect_marked("H_BULK_REMOVE", 2);
    enter(7);
    carry_round();
    make(Op::block_remove, {0, papr::bulk::request | slot, papr::bulk::end});
    expect_marked("H_BLOCK_REMOVE");
    enter(7);
    enter(8);
    carry_round();
    while (make(Op::clear_hpt, {}) == papr::Status::continue_) {}
    expect_marked("H_CLEAR_HPT", 2);
}

// I3, I4: the machine sets R and C in T2 without a word.
TEST_F(TableMove, I3_RAndCThatTheMachineSetsAfterwardsGoInTheStop) {
    to_dual();
    const std::uint64_t loaded = *enter(1), stored = *enter(2), late = *enter(3), read = *enter(4);
    access(1, loaded, false);
    access(2, stored, true);
    access(3, late, false);
    access(4, read, false);
    carry_round();
    EXPECT_EQ(target->hpt.read({loaded})->d1 & (R | C), R);
    EXPECT_EQ(target->hpt.read({stored})->d1 & (R | C), R | C);
    carry_round();
    EXPECT_EQ(sent, 0u);
    access(3, late, true);
    touch(read, false);
    carry_rest();
    EXPECT_EQ(sent, 1u) << "of what was there already nothing goes again";
    EXPECT_EQ(target->hpt.read({late})->d1 & (R | C), R | C);
    expect_same();
}

// R30, I3: R and C that a fold has brought to T1 since its section went.
TEST_F(TableMove, R30_WhatAFoldTakesFromT2GoesAgain) {
    to_dual();
    const std::uint64_t stored = *enter(2), loaded = *enter(1);
    access(2, stored, false);
    access(1, loaded, false);
    carry_round();
    ASSERT_EQ(make(Op::clear_ref, {0, loaded}), papr::Status::success);
    carry_round();
    access(2, stored, true);
    access(1, loaded, false);
    for (const dual::Fold fold : {dual::Fold::read_only, dual::Fold::evict}) {
        while (!engine.sweep_portion(fold).at_end) {}
        carry_round();
        EXPECT_EQ(sent, fold == dual::Fold::read_only ? 2u : 0u);
        expect_same();
    }
}

// R55: of a section that goes again and again the last copy is what it is.
TEST_F(TableMove, R55_TheLastCopyOfASectionCounts) {
    to_dual();
    for (std::uint64_t page = 0; page < 40; ++page) {
        const auto slot = enter(page);
        carry_round();
        expect_same();
        if (page % 2 == 0)
            make(Op::remove, {0, *slot, 0});
    }
    carry_rest();
    expect_same();
}

// R118: what arrives names memory of the machine that it has arrived at.
TEST_F(TableMove, R118_ArrivedEntriesAreOfTheTargetsMemory) {
    to_dual();
    std::vector<std::uint64_t> entered;
    for (std::uint64_t page = 0; page < 256; ++page)
        if (const auto slot = enter(page))
            entered.push_back(*slot);
    carry_round();
    for (const std::uint64_t slot : entered)
        make(Op::protect, {3, slot, 0});
    carry_rest();
    for (const std::uint64_t slot : entered) {
        const papr::PageTableEntry seen = *target->hpt.read({slot});
        const LogicalAddr page = hpt::page_address(seen, hpt::page_sizes(seen));
        constexpr std::uint64_t real_page = 0x000fffffffff0000; // of 64 KiB
        ASSERT_EQ(target->hpt.slots().d1({slot}) & real_page, (target_memory + page.value).value);
    }
}

class RandomLife : public TableMove, public testing::WithParamInterface<unsigned> {
  protected:
    std::uint64_t random(std::uint64_t below) { return engine_() % below; }
    void step() {
        const std::uint64_t page = random(2000);
        const auto known = entered.find(page);
        if (known == entered.end()) {
            if (const auto slot = enter(page, random(2) * R | random(2) * C))
                entered[page] = *slot;
            return;
        }
        const std::uint64_t slot = known->second;
        switch (random(10)) {
        case 0:
            if (random(2) == 0)
                make(Op::remove, {0, slot, 0});
            else
                make(Op::block_remove, {0, papr::bulk::request | slot, papr::bulk::end});
            if (!source->hpt.read({slot})->valid())
                entered.erase(known);
            return;
        case 1:
            make(Op::protect, {random(4), slot, 0});
            return;
        case 2:
            make(random(2) == 0 ? Op::clear_mod : Op::clear_ref, {0, slot});
            return;
        case 3:
            touch(slot, random(2) == 0);
            return;
        case 4:
            if (engine.active())
                static_cast<void>(engine.sweep_portion(random(4) == 0 ? dual::Fold::evict : dual::Fold::read_only));
            return;
        case 5:
            if (random(300) == 0) {
                while (make(Op::clear_hpt, {}) == papr::Status::continue_) {}
                entered.clear();
            }
            return;
        default:
            access(page, slot, random(2) == 0);
        }
    }
    void steps(std::uint64_t most) {
        for (std::uint64_t n = random(most + 1); n != 0; --n)
            step();
    }

    std::map<std::uint64_t, std::uint64_t> entered; // slots of pages
    std::mt19937_64 engine_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLife, testing::Values(1u, 2u, 3u));

// I3, I4, R30, R118: of a life that goes on while its table is moved, again and again, nothing is lost and nothing is made up.
TEST_P(RandomLife, R118_ATableThatChangesWhileItMovesArrivesAsItIs) {
    std::uint64_t spared = 0;
    for (int life = 0; life < 30; ++life) {
        while (entered.size() < 300)
            step();
        new_target();
        ASSERT_NO_FATAL_FAILURE(to_dual());
        for (std::uint64_t round = random(4); round != 0; --round) {
            steps(300);
            table.begin_round();
            while (carry(false))
                steps(30);
        }
        steps(random(3) == 0 ? 300 : 20);
        carry_rest();
        spared += sections - sent;
        ASSERT_NO_FATAL_FAILURE(expect_same()) << "life " << life;
        to_normal();
        ASSERT_NO_FATAL_FAILURE(expect_same()) << "life " << life << ", when its tables were one again";
    }
    EXPECT_GT(spared, 5 * sections);
}

} // namespace
} // namespace transom::test

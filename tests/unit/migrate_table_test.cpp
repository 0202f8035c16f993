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

// The stop is to have little left of it.
TEST_F(TableMove, I3_RAndCThatTheMachineSetsGoInTheNextRound) {
    to_dual();
    const std::uint64_t loaded = *enter(1), stored = *enter(2), late = *enter(3);
    access(1, loaded, false);
    access(3, late, false);
    carry_round();
    access(2, stored, true);
    carry_round();
    EXPECT_EQ(sent, 1u);
    EXPECT_EQ(target->hpt.read({stored})->d1 & (R | C), R | C);
    carry_round();
    EXPECT_EQ(sent, 0u);
    access(3, late, true); // after the last look
    carry_rest();
    EXPECT_EQ(sent, 1u);
    expect_same();
}

TEST_F(TableMove, ALookIsCutIntoPortions) {
    to_dual();
    for (std::uint64_t page = 0; page < 256; ++page)
        access(page, *enter(page), false);
    const auto portions = [this](bool stop) {
        stop ? table.begin_stop() : table.begin_round();
        unsigned count = 1;
        while (!table.look())
            ++count;
        return count;
    };
    machine.step_ = dual::Portion{}.ticks; // each reading of the clock is a portion's time later
    EXPECT_GT(portions(false), 200u) << "a group each";
    EXPECT_EQ(portions(true), slots / papr::slots_per_group / dual::Portion{}.groups) << "nothing is left of it";
}

// What has all that it can get is not looked at again, however much there is.
TEST_F(TableMove, ALookFindsWhatWasFilledSinceTheLastOne) {
    to_dual();
    const auto marked = [this] {
        std::uint64_t count = 0;
        for (const std::uint64_t word : usage_words)
            count += static_cast<unsigned>(std::popcount(word));
        return count;
    };
    std::vector<std::uint64_t> entered;
    for (std::uint64_t page = 0; page < 200; ++page)
        entered.push_back(*enter(page));
    for (std::uint64_t page = 0; page < 200; ++page)
        access(page, entered[page], page % 2 == 0);
    EXPECT_GT(marked(), 150u);
    carry_round();
    EXPECT_EQ(marked(), 0u);
    const dual::Access store{place(7), papr::PageSize::kib_64, dual::AccessKind::store};
    ASSERT_EQ(engine.fault(0, store).answer, dual::FaultAnswer::again); // and an interrupt comes before the store
    for (int round = 0; round < 2; ++round) {
        carry_round();
        EXPECT_EQ(marked(), 1u) << "C may come at any moment";
    }
    touch(entered[7], true);
    carry_rest();
    EXPECT_EQ(marked(), 0u);
    expect_same();
}

// After the end nothing is known of memory that is somebody else's.
TEST_F(TableMove, NothingIsLeftOfAMoveThatIsOver) {
    EXPECT_EQ(table.left(), 0u) << "there was none";
    to_dual();
    carry_round();
    *enter(3);
    EXPECT_EQ(table.left(), 1u);
    to_normal();
    EXPECT_FALSE(engine.sections().on());
    EXPECT_EQ(engine.table().slot_count(), 0u);
    EXPECT_EQ(table.left(), sections) << "nobody knows what has changed";
    source->dual = nullptr;
    table.end();
    source.reset();
    EXPECT_FALSE(table.has_twins());
    EXPECT_EQ(table.left(), 0u);
    table.begin_stop();
    EXPECT_TRUE(table.look());
    EXPECT_FALSE(table.next(payload).has_value());
}

TEST_F(TableMove, SectionsForNobodyAreOurOwnMistake) {
    to_dual();
    table.begin_round();
    look();
    const auto portion = table.next(payload);
    arrivals = {};
    EXPECT_DEATH(static_cast<void>(arrivals.take(std::span(payload).first(portion->bytes), *target, false)), "nobody");
    EXPECT_DEATH(static_cast<void>(arrivals.missing(*target)), "nobody");
}

// R and C that a fold has brought to T1 since its section went.
TEST_F(TableMove, I3_WhatAFoldTakesFromT2GoesAgain) {
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
    EXPECT_EQ(first_foreign_entry(*target), std::nullopt);
    EXPECT_EQ(first_foreign_entry(*source), std::nullopt);
    // And the checker would find one.
    auto table_there = target->hpt.slots();
    table_there.set_d1({entered[9]}, table_there.d1({entered[9]}) ^ mib(16));
    EXPECT_EQ(first_foreign_entry(*target), entered[9]);
}

class RandomLife : public TableMove, public testing::WithParamInterface<unsigned> {
  protected:
    std::uint64_t random(std::uint64_t below) { return engine_() % below; }
    void step() {
        if (with_own && random(20) == 0) {
            const std::uint64_t page = random(512);
            access_in_real_mode(page);
            ours.insert(page);
            return;
        }
        const std::uint64_t page = random(2000);
        const auto known = entered.find(page);
        if (known == entered.end()) {
            const bool bolts = random(4) == 0;
            if (const auto slot = enter(page, random(2) * R | random(2) * C, bolts ? papr::d0::bolted : 0)) {
                entered[page] = *slot;
                if (bolts)
                    bolted.insert(page);
            }
            return;
        }
        const std::uint64_t slot = known->second;
        switch (random(10)) {
        case 0:
            if (random(2) == 0)
                removed(page, make(Op::remove, {0, slot, 0}));
            else
                make(Op::block_remove, {0, papr::bulk::request | slot, papr::bulk::end});
            if (!source->hpt.read({slot})->valid())
                entered.erase(known);
            return; // H_BLOCK_REMOVE leaves what is bolted
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
                bolted.clear();
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

    void removed(std::uint64_t page, papr::Status status) {
        if (status == papr::Status::success)
            bolted.erase(page);
    }
    /// Its table is moved while it goes on; at the end all of it is at the target.
    void move() {
        new_target();
        to_dual();
        for (std::uint64_t round = random(4); round != 0; --round) {
            steps(300);
            table.begin_round();
            while (!table.look())
                steps(10);
            while (carry(false))
                steps(30);
        }
        steps(random(3) == 0 ? 300 : 20);
        carry_rest();
    }
    void live_until(std::uint64_t pages) {
        while (entered.size() < pages)
            step();
    }

    std::map<std::uint64_t, std::uint64_t> entered; // slots of pages
    std::set<std::uint64_t> bolted;                 // of those
    std::set<std::uint64_t> ours;                   // pages that were accessed in real mode
    bool with_own = false;
    std::mt19937_64 engine_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLife, testing::Values(1u, 2u, 3u));

// I3, I4: of a life that goes on while its table is moved, again and again, nothing is lost and nothing is made up.
TEST_P(RandomLife, I3_ATableThatChangesWhileItMovesArrivesAsItIs) {
    std::uint64_t spared = 0;
    for (int life = 0; life < 30; ++life) {
        live_until(300);
        ASSERT_NO_FATAL_FAILURE(move());
        spared += sections - sent;
        ASSERT_NO_FATAL_FAILURE(expect_same()) << "life " << life;
        to_normal();
        ASSERT_NO_FATAL_FAILURE(expect_same()) << "life " << life << ", when its tables were one again";
    }
    EXPECT_GT(spared, 5 * sections);
}

// What is bolted goes by the partition's H_REMOVE and H_CLEAR_HPT alone, and is bolted at the target. Our own entries stay here whatever the partition
// and the move do, are not seen by it, do not travel, and are made anew there.
TEST_P(RandomLife, R30_BoltedEntriesAndOurOwnSurvive) {
    with_own = true;
    std::size_t most_bolted = 0;
    for (int life = 0; life < 10; ++life) {
        live_until(300);
        ASSERT_NO_FATAL_FAILURE(move());
        for (const bool one_table : {false, true}) {
            if (one_table)
                to_normal();
            for (const std::uint64_t page : bolted)
                for (const papr::PageTableEntry& entry :
                     {read(entered.at(page)), *target->hpt.read({entered.at(page)})}) {
                    ASSERT_TRUE(entry.valid()) << page;
                    ASSERT_EQ((entry.d0 ^ entry_of(page).d0) & papr::d0::compared, 0u) << page;
                    ASSERT_NE(entry.d0 & papr::d0::bolted, 0u) << page;
                }
            ASSERT_THAT(own_entries(*source), testing::ElementsAreArray(ours)) << "each once";
            ASSERT_THAT(own_entries(*target), testing::IsEmpty());
            ASSERT_NO_FATAL_FAILURE(expect_same()) << "of ours the partition sees nothing";
        }
        most_bolted = std::max(most_bolted, bolted.size());
        for (const std::uint64_t page : ours)
            ASSERT_TRUE(target->hpt.insert_real_mode({page << 16}, target->memory).has_value());
        ASSERT_THAT(own_entries(*target), testing::ElementsAreArray(ours));
        ASSERT_NO_FATAL_FAILURE(expect_same()) << "nor there";
    }
    EXPECT_GT(most_bolted, 50u);
    EXPECT_GT(ours.size(), 100u);
}

// Before the partition runs at the target, and here at any time: T1 against the memory that the partition has on that machine.
TEST_P(RandomLife, R118_EachEntryIsOfTheMachinesOwnMemory) {
    with_own = true;
    for (int life = 0; life < 10; ++life) {
        live_until(300);
        ASSERT_NO_FATAL_FAILURE(move());
        ASSERT_EQ(first_foreign_entry(*target), std::nullopt) << "life " << life;
        ASSERT_EQ(first_foreign_entry(*source), std::nullopt) << "life " << life;
        to_normal();
        ASSERT_EQ(first_foreign_entry(*source), std::nullopt) << "life " << life;
        for (const std::uint64_t page : ours)
            ASSERT_TRUE(target->hpt.insert_real_mode({page << 16}, target->memory).has_value());
        ASSERT_EQ(first_foreign_entry(*target), std::nullopt) << "life " << life << ", with ours";
    }
}

} // namespace
} // namespace transom::test

// SPDX-License-Identifier: Apache-2.0
#include "local_entries.hpp"
#include "mover_fixture.hpp"
#include <regex>
#include <transom/dual/dual_table_impl.hpp>

// The page table in a whole move: 8 sections.

namespace transom::migrate {
namespace {

class MovedTable : public MoverTest {
  protected:
    static constexpr std::uint64_t first = 3, last = 7 * hpt::slots_per_section + 5;
    static papr::PageTableEntry entry_of(std::uint64_t slot) {
        return {0x4000000005000000 | slot << 7 | papr::d0::valid, 0x10000 | papr::d1::wimg_memory | 2};
    }
    partition::Partition& build_with_entries() {
        partition::Partition& here = a.build("linux");
        test::fill_with_noise(here); // a step does not send all of it
        for (const std::uint64_t slot : {first, last})
            EXPECT_TRUE(here.hpt.restore({{slot}, entry_of(slot)}, here.memory).has_value());
        return here;
    }
    /// As H_PROTECT does it while there are two tables.
    static void protect(partition::Partition& here, std::uint64_t slot, std::uint64_t bits) {
        auto pending = here.dual->table().begin_protect({{slot}, {}, bits});
        ASSERT_TRUE(pending.has_value());
        const hpt::Flushed flushed = here.dual->discharge(pending->obligation());
        static_cast<void>(here.dual->table().finish_modify(std::move(*pending), flushed));
    }
    const Progress& move_by(MoveMode mode) {
        EXPECT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {.mode = mode}));
        return a.mover.progress();
    }
    /// All of its sections have gone, the last one changed, and the last pass that there need be is not over.
    void send_all_sections(partition::Partition& here, const Progress& source) {
        while (source.pages_total - source.pages > 4 && source.in_progress())
            round();
        protect(here, last, 1);
        machine.step_ = twin_facts.timebase_frequency / 1000; // each step does the least it can
        while (source.sections < 9 && source.in_progress())
            round();
    }
    void expect_arrived(std::uint64_t protection) {
        ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
        hpt::HashedPageTable& there = b.roster.find("linux")->hpt;
        papr::PageTableEntry changed = entry_of(last);
        changed.d1 = (changed.d1 & ~papr::d1::protection) | protection;
        EXPECT_EQ(*there.read({first}), entry_of(first));
        EXPECT_EQ(*there.read({last}), changed);
        EXPECT_EQ(test::first_foreign_entry(*b.roster.find("linux")), std::nullopt);
        EXPECT_EQ(there.next_used({first + 1}, {there.slot_count()})->slot.value, last);
    }
};

TEST_F(MovedTable, SectionsGoWhileItRunsAndThoseThatChangeOnceMore) {
    partition::Partition& here = build_with_entries();
    const Progress& source = move_by(MoveMode::pre_copy);
    while (source.pages == 0 && source.in_progress())
        round();
    ASSERT_EQ(source.state, MoveState::pre_copying);
    EXPECT_EQ(source.sections, 8u) << "before all pages";
    protect(here, last, 3);
    go_on();
    expect_arrived(3);
    for (const Progress* each : {&source, &b.mover.progress()}) {
        EXPECT_EQ(each->sections_total, 8u);
        EXPECT_EQ(each->sections, 9u);
        EXPECT_EQ(each->sections_resent, 1u);
        EXPECT_EQ(each->sections_in_stop, 0u);
        EXPECT_EQ(each->table_entries, 3u);
    }
}

TEST_F(MovedTable, WhatChangesLastGoesInTheStop) {
    partition::Partition& here = build_with_entries();
    const Progress& source = move_by(MoveMode::pre_copy);
    send_all_sections(here, source);
    ASSERT_NE(here.state, PartitionState::suspended);
    protect(here, last, 3);
    go_on();
    expect_arrived(3);
    EXPECT_EQ(source.sections, 10u);
    EXPECT_EQ(source.sections_in_stop, 1u);
    EXPECT_EQ(b.mover.progress().sections_in_stop, 1u);
}

// What has changed when a pass is over is part of the predicted stop.
TEST_F(MovedTable, SectionsThatAreLeftCountForTheStop) {
    partition::Partition& here = build_with_entries();
    const Progress& source = move_by(MoveMode::pre_copy);
    send_all_sections(here, source);
    protect(here, last, 3); // it has gone, and the pass is not over
    machine.log_.clear();
    go_on();
    std::string said;
    for (const std::string& line : machine.log_)
        said += line;
    std::smatch left;
    ASSERT_TRUE(std::regex_search(
        said, left, std::regex("what is left, with ([0-9]+) sections of its page table, would take ([0-9]+) us")))
        << said;
    EXPECT_EQ(left[1], "1");
    EXPECT_GT(std::stoull(left[2]), 0u);
    EXPECT_EQ(source.state, MoveState::completed) << source.failure.text();
}

// Before, a processor that walks T1 sets R and C there, and nobody sees it.
TEST_F(MovedTable, SectionsGoOnlyWhenAllProcessorsWalkTheSecondTable) {
    partition::Partition& here = build_with_entries();
    here.dual->enter(0, 0);
    const Progress& source = move_by(MoveMode::pre_copy);
    const auto rounds = [&](int count) {
        for (int i = 0; i < count && source.in_progress(); ++i)
            round();
    };
    rounds(1000);
    ASSERT_EQ(source.state, MoveState::connecting);
    EXPECT_EQ(here.dual->phase(), dual::Phase::normal) << "it may be in a call that began with one table";
    EXPECT_EQ(source.sections, 0u);
    here.dual->leave(0);
    here.dual->enter(0, 0); // as long as the phase is not dual, to T1
    ASSERT_FALSE(here.dual->walks_second(0));
    rounds(1000);
    ASSERT_EQ(here.dual->phase(), dual::Phase::dual);
    ASSERT_FALSE(here.dual->all_on_second());
    EXPECT_EQ(source.sections, 0u);
    hpt::RealSlots(here.hpt.slots()).merge_d1({last}, papr::d1::usage);
    here.dual->leave(0);
    here.dual->enter(0, 0);
    ASSERT_TRUE(here.dual->walks_second(0));
    while (source.sections == 0 && source.in_progress())
        round();
    EXPECT_EQ(source.sections, 8u);
    here.dual->leave(0);
    go_on();
    ASSERT_EQ(source.state, MoveState::completed) << source.failure.text();
    EXPECT_EQ(b.roster.find("linux")->hpt.read({last})->d1 & papr::d1::usage, papr::d1::usage);
}

TEST_F(MovedTable, WithoutASecondTableAllOfItGoesInTheStop) {
    for (const MoveMode mode : {MoveMode::stop_and_copy, MoveMode::post_copy}) {
        build_with_entries();
        const Progress& source = move_by(mode);
        go_on();
        expect_arrived(2);
        EXPECT_EQ(source.sections_in_stop, 8u);
        EXPECT_EQ(source.sections_resent, 0u);
        b.end("linux");
    }
}

} // namespace
} // namespace transom::migrate

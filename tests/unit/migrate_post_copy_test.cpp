// SPDX-License-Identifier: Apache-2.0
#include "post_copy_fixture.hpp"

namespace transom::test {
namespace {

// R51: it runs with what it has, and the rest comes.
TEST_F(PostCopy, R51_ItRunsBeforeItsMemoryHasCome) {
    start();
    EXPECT_EQ(source_control.tracked, nullptr) << "nobody watches who stores";
    EXPECT_GT(target.progress().pages_left, 0u);
    EXPECT_EQ(source_control.released, 0u) << "the only copy of what is missing";
    settle();
    expect_completed();
    EXPECT_EQ(source.progress().pages_resent, 0u);
    EXPECT_EQ(target.progress().pages_done(), target.progress().pages_total);
}

// R52, R53: who needs a page gets it before the others, and it is asked for once.
TEST_F(PostCopy, R52_WhatSomebodyWaitsForComesFirst) {
    net.window = 3000;
    start();
    ASSERT_FALSE(is_here(90));
    wait_for(0, 90);
    wait_for(1, 90);
    ASSERT_TRUE(until([&] { return is_here(90); }));
    EXPECT_FALSE(is_here(80)) << "it did not wait for its turn";
    EXPECT_EQ(target.progress().pages_demanded, 1u);
    EXPECT_EQ(source.progress().pages_demanded, 1u);
    ASSERT_TRUE(until([&] { return is_here(91); }));
    EXPECT_FALSE(is_here(80)) << "its neighbours come next";
    there.partition->vcpus[0].awaits = there.partition->vcpus[1].awaits = partition::Vcpu::nothing;
    settle();
    expect_completed();
}

TEST_F(PostCopy, AZeroPageThatSomebodyWaitsForComesAtOnce) {
    net.window = 3000;
    start();
    wait_for(0, 3000);
    ASSERT_TRUE(until([&] { return is_here(3000); }));
    EXPECT_FALSE(is_here(80));
    settle();
    expect_completed();
}

// R50: what is not owed has come before it runs.
TEST_F(PostCopy, R50_AHybridMoveOwesWhatWasStoredTo) {
    migrate::MoveOrder moved = order(large());
    std::ranges::fill(room, 0);
    pages.emplace(moved.partition->memory.size(), moved.partition->granule, std::as_writable_bytes(std::span(room)),
                  migrate::PageRules{.frequency = facts.timebase_frequency,
                                     .decision = {.mode = migrate::CopyMode::hybrid, .downtime_ms = 0, .passes = 1}});
    moved.pages = &*pages;
    moved.mode = MoveMode::hybrid;
    ASSERT_TRUE(source.start(net, moved));
    ASSERT_TRUE(until([&] {
        return there.partition != nullptr && target_control.created != 0 && there.page_states->has_come({50});
    }));
    source_control.tracked->raise({5 * kib(4)}, kib(4));
    source_control.tracked->raise({7 * kib(4)}, kib(4));
    ASSERT_TRUE(until([&] { return source_control.asked; }));
    std::ranges::fill(here.granule(5), std::byte{0x33});
    std::ranges::fill(here.granule(7), std::byte{0});
    ASSERT_TRUE(until([&] { return runs_there(); }));
    EXPECT_EQ(target_control.started_early, 1u);
    settle();
    expect_completed();
    EXPECT_EQ(source.progress().pages_resent, 2u);
    EXPECT_EQ(target.progress().pages_resent, 2u);
}

// J1: what the partition has stored since it runs is not replaced by what comes late.
TEST_F(PostCopy, J1_ItsOwnStoresStay) {
    net.window = 3000;
    start();
    ASSERT_TRUE(until([&] { return is_here(3); }));
    std::ranges::fill(there.granule(3), std::byte{0x77});
    break_connection();
    pass_a_second();
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(there.granule(3)[17], std::byte{0x77});
}

// It is as if it had not come: nobody sees what is left of it, and the source sends it again.
TEST_F(PostCopy, APageThatCannotBeMadeOutIsAwaitedAsBefore) {
    net.window = 3000;
    start();
    wait_for(0, 90);
    break_connection();
    Stranger stranger; // who knows what the source knows
    stranger.add(migrate::RecordType::again, migrate::AgainRecord{.name = here.partition->name_storage,
                                                                  .stopped_at = source.progress().stopped_at});
    struct {
        migrate::PageRecord page{};
        std::array<std::byte, 100> literals{std::byte{0xf0},
                                            std::byte{80}}; // of which there are not so many as it says
    } bad;
    bad.page = {90, pages->last_copy() + 1};
    stranger.add(migrate::RecordType::packed_page, bad);
    send_away(stranger);
    EXPECT_EQ(target.progress().failure.error, MoveError::record_content) << target.progress().failure.text();
    EXPECT_EQ(there.page_states->status({90}), migrate::ArrivalStatus::missing);
    EXPECT_TRUE(std::ranges::all_of(there.granule(90), [](std::byte b) { return b == std::byte{0}; }));
    Stranger second;
    second.add(migrate::RecordType::again,
               migrate::AgainRecord{.name = here.partition->name_storage, .stopped_at = source.progress().stopped_at});
    const struct {
        migrate::PageDeltaRecord head;
        Be<std::uint64_t> bits;
    } nothing{{90, pages->last_copy() + 1, 1}, 0};
    second.add(migrate::RecordType::page_delta, nothing);
    send_away(second);
    EXPECT_EQ(target.progress().failure.error, MoveError::record_content) << target.progress().failure.text();
    EXPECT_EQ(there.page_states->status({90}), migrate::ArrivalStatus::missing);
    pass_a_second();
    ASSERT_TRUE(until([&] { return is_here(90); }));
    there.partition->vcpus[0].awaits = partition::Vcpu::nothing;
    settle();
    expect_completed();
}

TEST_F(PostCopy, WithoutASecondTableItIsRefused) {
    target_control.no_second_table = migrate::failure(MoveError::memory, "no memory for a second page table");
    ASSERT_TRUE(source.start(net, post_copy()));
    settle();
    EXPECT_EQ(source.progress().failure.error, MoveError::memory);
    EXPECT_TRUE(runs_here());
    EXPECT_EQ(target_control.discarded, 1u);
}

} // namespace
} // namespace transom::test

// SPDX-License-Identifier: Apache-2.0
#include "move_fixture.hpp"

namespace transom::test {
namespace {

using migrate::MoveState;

class PreCopy : public Move {
  protected:
    bool has_arrived(std::uint64_t page) {
        return there.partition != nullptr && there.page_states->has_come({page}) && target_control.created != 0;
    }
    /// As a processor does: it gets the right to store, stores, and loses it.
    template <class Fill> void store_by(std::uint64_t page, Fill fill) {
        migrate::PageStateTable& table = *source_control.tracked;
        table.raise({page * kib(4)}, kib(4));
        fill(here.granule(page));
        table.lower({page * kib(4)}, kib(4));
    }
    void store(std::uint64_t page, std::byte value) {
        store_by(page, [=](std::span<std::byte> granule) { std::ranges::fill(granule, value); });
    }
    /// What does not become smaller.
    void store_noise(std::uint64_t page) {
        store_by(page, [this](std::span<std::byte> granule) {
            std::ranges::generate(granule, [this] { return static_cast<std::byte>(random()); });
        });
    }
};

TEST_F(PreCopy, WhatChangesWhileItRunsGoesAgain) {
    source_control.track_after = 3;
    ASSERT_TRUE(source.start(net, order(large())));
    ASSERT_TRUE(until([&] { return has_arrived(5); }));
    EXPECT_EQ(source.progress().state, MoveState::pre_copying);
    EXPECT_EQ(target.progress().state, MoveState::pre_copying);
    EXPECT_TRUE(runs_here());
    EXPECT_FALSE(source_control.asked) << "nobody is stopped for the first pass";
    store(5, std::byte{0x5a});
    store(7, std::byte{0});       // a granule that was sent becomes zero
    store(2000, std::byte{0x17}); // and one that was zero is written
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_memory();
    EXPECT_GE(source.progress().pass, 1u);
    EXPECT_GE(target.progress().pages_resent, 2u);
    EXPECT_EQ(source.progress().pages_resent, target.progress().pages_resent);
    EXPECT_EQ(source.progress().pages_done(), source.progress().pages_total);
    EXPECT_EQ(target.progress().pages_done(), target.progress().pages_total);
}

TEST_F(PreCopy, R58_SaysHowLongItWillTake) {
    ASSERT_TRUE(source.start(net, order(large())));
    ASSERT_TRUE(until([&] { return source.progress().state == MoveState::pre_copying; }));
    EXPECT_FALSE(source.progress().estimate) << "nothing has gone";
    bool foreseen = false;
    ASSERT_TRUE(until([&] {
        source_control.ticks += facts.timebase_frequency / 10;
        const migrate::Progress& p = source.progress();
        foreseen = foreseen || (p.state == MoveState::pre_copying && p.estimate);
        return !p.in_progress();
    }));
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_TRUE(foreseen);
}

TEST_F(PreCopy, R58_TheStopThatIsForeseenHasWhatItHasTakenAlready) {
    migrate::MoveOrder stopped = order(large());
    stopped.mode = migrate::MoveMode::stop_and_copy;
    net.window = 3000;
    ASSERT_TRUE(source.start(net, stopped));
    std::optional<migrate::MoveEstimate> last;
    ASSERT_TRUE(until([&] {
        source_control.ticks += facts.timebase_frequency / 10;
        const migrate::Progress& p = source.progress();
        if (p.state == MoveState::copying && p.estimate)
            last = p.estimate;
        return !p.in_progress();
    }));
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    ASSERT_TRUE(last);
    EXPECT_GT(last->downtime_ms, last->left_ms);
}

TEST_F(PreCopy, WhatSomebodyCanStoreToGoesAtTheEnd) {
    ASSERT_TRUE(source.start(net, order(large())));
    ASSERT_TRUE(until([&] { return source_control.tracked != nullptr; }));
    source_control.stop_after = 1;
    source_control.tracked->raise({50 * kib(4)}, kib(4)); // and keeps it: watch() takes nothing away here
    ASSERT_TRUE(until([&] { return source_control.asked; }));
    std::ranges::fill(here.granule(50), std::byte{0x33});
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_memory();
}

// The order that others have sends it though somebody can store to it, and then once more.
TEST_F(PreCopy, ByAddressWhatSomebodyCanStoreToGoesTwice) {
    partition::Partition& p = large();
    migrate::MoveOrder moved = order(p);
    std::ranges::fill(room, 0);
    pages.emplace(p.memory.size(), p.granule, std::as_writable_bytes(std::span(room)),
                  migrate::PageRules{.frequency = facts.timebase_frequency,
                                     .order = {.policy = migrate::OrderPolicy::by_address},
                                     .decision = {.mode = migrate::CopyMode::pre_copy}});
    moved.pages = &*pages;
    ASSERT_TRUE(source.start(net, moved));
    ASSERT_TRUE(until([&] { return source_control.tracked != nullptr; }));
    source_control.stop_after = 1;
    source_control.tracked->raise({50 * kib(4)}, kib(4)); // and keeps it: watch() takes nothing away here
    ASSERT_TRUE(until([&] { return source_control.asked; }));
    EXPECT_TRUE(has_arrived(50));
    std::ranges::fill(here.granule(50), std::byte{0x33});
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(source.progress().pages_resent, 1u);
    expect_same_memory();
}

TEST_F(PreCopy, EachPassButTheFirstTakesTheRightToStoreAway) {
    partition::Partition& p = large();
    migrate::MoveOrder first = order(p);
    std::ranges::fill(room, 0);
    pages.emplace(p.memory.size(), p.granule, std::as_writable_bytes(std::span(room)),
                  migrate::PageRules{.frequency = facts.timebase_frequency,
                                     .decision = {.mode = migrate::CopyMode::pre_copy, .downtime_ms = 0}});
    first.pages = &*pages;
    ASSERT_TRUE(source.start(net, first));
    std::uint64_t page = 0;
    ASSERT_TRUE(until([&] {
        if (source_control.tracked != nullptr && !source_control.asked && source.progress().pass < 4)
            store(page % 100, static_cast<std::byte>(page + 1)), ++page;
        return source_control.asked;
    }));
    EXPECT_GE(source.progress().pass, 2u);
    EXPECT_EQ(source_control.watched, source.progress().pass - 1);
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_memory();
}

TEST_F(PreCopy, R65_EachPassIsKept) {
    partition::Partition& p = large();
    migrate::MoveOrder moved = order(p);
    std::ranges::fill(room, 0);
    pages.emplace(p.memory.size(), p.granule, std::as_writable_bytes(std::span(room)),
                  migrate::PageRules{.frequency = facts.timebase_frequency,
                                     .decision = {.mode = migrate::CopyMode::pre_copy, .downtime_ms = 0}});
    moved.pages = &*pages;
    ASSERT_TRUE(source.start(net, moved));
    ASSERT_TRUE(until([&] {
        if (source_control.tracked != nullptr && !source_control.asked && source.progress().pass < 3)
            for (std::uint64_t page = 0; page < 20; ++page)
                store_noise(page);
        return source_control.asked;
    }));
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    const auto& passes = source.progress().passes;
    ASSERT_EQ(passes.size(), source.progress().pass);
    ASSERT_GE(passes.size(), 2u);
    std::uint64_t sent = 0, zero = 0, resent = 0;
    for (std::size_t i = 0; i < passes.size(); ++i) {
        EXPECT_EQ(passes[i].pass, i + 1);
        sent += passes[i].sent;
        zero += passes[i].zero;
        resent += passes[i].resent;
    }
    EXPECT_GT(passes[0].left, 0u);
    EXPECT_GT(passes[0].predicted_stop, 0u);
    EXPECT_EQ(passes[0].resent, 0u);
    EXPECT_EQ(passes[0].sent, sent - resent) << "what never went went in the first";
    const std::uint64_t at_the_end = source.progress().pages + source.progress().zero_pages - sent;
    EXPECT_EQ(at_the_end, source.progress().last_pass().left) << "and all else in the passes";
    EXPECT_EQ(zero, source.progress().zero_pages);
    EXPECT_EQ(resent + at_the_end, source.progress().pages_resent);
    EXPECT_EQ(source.progress().predicted_stop, source.progress().last_pass().predicted_stop);
}

// R104: it is not stopped for longer than somebody has agreed to.
TEST_F(PreCopy, OneThatOutrunsTheStreamStays) {
    partition::Partition& p = large();
    migrate::MoveOrder moved = order(p);
    std::ranges::fill(room, 0);
    pages.emplace(p.memory.size(), p.granule, std::as_writable_bytes(std::span(room)),
                  migrate::PageRules{.frequency = facts.timebase_frequency,
                                     .decision = {.mode = migrate::CopyMode::pre_copy,
                                                  .downtime_ms = 0,
                                                  .downtime_cap_ms = 0,
                                                  .passes = 3,
                                                  .throttle_most = 0}});
    moved.pages = &*pages;
    ASSERT_TRUE(source.start(net, moved));
    ASSERT_TRUE(until([&] {
        if (source_control.tracked != nullptr)
            for (std::uint64_t page = 0; page < 100; ++page)
                store_noise(page);
        return !source.progress().in_progress();
    }));
    EXPECT_EQ(source.progress().failure.error, migrate::MoveError::outrun) << source.progress().failure.text();
    EXPECT_TRUE(runs_here());
    EXPECT_FALSE(source_control.asked);
    EXPECT_EQ(source_control.untracked, 1u);
}

TEST_F(PreCopy, I13_CancelledWhileItRunsItHasNotEvenStopped) {
    ASSERT_TRUE(source.start(net, order(large())));
    ASSERT_TRUE(until([&] { return has_arrived(5); }));
    EXPECT_TRUE(source.cancel());
    settle();
    EXPECT_EQ(source.progress().state, MoveState::failed);
    EXPECT_TRUE(runs_here());
    EXPECT_EQ(source_control.resumed, 0u);
    EXPECT_EQ(source_control.untracked, 1u);
    EXPECT_EQ(target_control.discarded, 1u);
}

TEST_F(PreCopy, ABrokenConnectionWhileItRunsStopsNobody) {
    net.cut_forward = 150'000;
    ASSERT_TRUE(source.start(net, order(large())));
    settle();
    EXPECT_EQ(source.progress().failure.error, migrate::MoveError::connection_lost);
    EXPECT_TRUE(runs_here());
    EXPECT_FALSE(source_control.asked);
    EXPECT_EQ(source_control.untracked, 1u);
}

TEST_F(PreCopy, WithoutASecondTableItDoesNotBegin) {
    source_control.no_tracking = migrate::failure(migrate::MoveError::memory, "no memory for a second page table");
    ASSERT_TRUE(source.start(net, order(large())));
    settle();
    EXPECT_EQ(source.progress().failure.error, migrate::MoveError::memory);
    EXPECT_TRUE(runs_here());
    EXPECT_EQ(target_control.discarded, 1u);
}

TEST_F(PreCopy, StopAndCopyTracksNothing) {
    migrate::MoveOrder stopped = order(large());
    stopped.mode = migrate::MoveMode::stop_and_copy;
    source_control.no_tracking = migrate::failure(migrate::MoveError::memory, "not to be asked for");
    ASSERT_TRUE(source.start(net, stopped));
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(source.progress().pass, 0u);
    EXPECT_EQ(source.progress().pages_resent, 0u);
    expect_same_memory();
}

} // namespace
} // namespace transom::test

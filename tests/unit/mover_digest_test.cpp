// SPDX-License-Identifier: Apache-2.0
#include "mover_fixture.hpp"

namespace transom::migrate {
namespace {

TEST_F(MoverTest, BothEndsKeepTheDigestsOfTheLastMove) {
    a.build("linux");
    EXPECT_TRUE(a.mover.digests("linux").empty());
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.digests("linux").size(), mib(16) / kib(64));
    EXPECT_THAT(b.mover.digests("linux"), testing::ElementsAreArray(a.mover.digests("linux")));
    EXPECT_TRUE(a.mover.digests("other").empty());
}

TEST_F(MoverTest, WhatComesToNothingTakesNoDigestsAway) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    const std::size_t granules = mib(16) / kib(64);
    const auto kept = [&] {
        return a.mover.digests("linux").size() == granules && b.mover.digests("linux").size() == granules;
    };
    ASSERT_TRUE(kept());

    // Orders that are refused at once.
    a.build("other");
    EXPECT_EQ(move("other", granules).error().error, MoveError::page_range);
    EXPECT_EQ(a.mover.move(network, "other", {}, migration_port, {}).error().error, MoveError::no_connection);
    EXPECT_TRUE(kept());
    // One that the target refuses, and one that is cancelled when the target has built it.
    b.build("other");
    ASSERT_TRUE(move("other"));
    EXPECT_EQ(a.mover.progress().state, MoveState::refused);
    EXPECT_TRUE(kept());
    b.end("other");
    ASSERT_TRUE(a.mover.move(network, "other", {0x0a4d0002}, migration_port, {}));
    for (int rounds = 0; rounds < 1000 && b.roster.find("other") == nullptr; ++rounds)
        round();
    ASSERT_NE(b.roster.find("other"), nullptr);
    EXPECT_TRUE(a.mover.cancel());
    go_on();
    EXPECT_EQ(b.mover.progress().state, MoveState::failed);
    EXPECT_TRUE(kept());
    EXPECT_TRUE(b.mover.digests("other").empty());

    // One that is completed has its own instead; nobody holds two tables for long.
    const Bytes free = b.frames.total(FrameState::free);
    ASSERT_TRUE(move("other"));
    EXPECT_TRUE(a.mover.digests("linux").empty());
    EXPECT_EQ(a.mover.digests("other").size(), granules);
    EXPECT_EQ(b.mover.digests("other").size(), granules);
    b.end("other");
    EXPECT_EQ(b.frames.total(FrameState::free), free);
}

TEST_F(MoverTest, TheLastDigestsGiveWayWhereMemoryIsShort) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    a.build("other");
    const auto for_page_states = a.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor);
    while (a.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor)) {}
    a.frames.release({*for_page_states, memory::frame_size}, FrameState::hypervisor);
    const std::size_t granules = mib(16) / kib(64);
    EXPECT_EQ(move("other", granules).error().error, MoveError::page_range);
    EXPECT_EQ(a.mover.digests("linux").size(), granules) << "not for an order that is refused";
    ASSERT_TRUE(a.mover.move(network, "other", {0x0a4d0002}, migration_port, {.mode = MoveMode::stop_and_copy}));
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(a.mover.digests("other").size(), granules);
}

// Who only wants to know takes nothing away, and hears what a move would: that these would give way.
TEST_F(MoverTest, ACheckTakesNoDigestsAwayWhereMemoryIsShort) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    a.build("other");
    const std::size_t granules = mib(16) / kib(64);
    const auto for_page_states = a.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor);
    while (a.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor)) {}
    a.frames.release({*for_page_states, memory::frame_size}, FrameState::hypervisor);
    MoveOptions options{.mode = MoveMode::stop_and_copy, .check_only = true};
    ASSERT_TRUE(a.mover.move(network, "other", {0x0a4d0002}, migration_port, options));
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::checked) << a.mover.progress().failure.text();
    EXPECT_EQ(a.mover.digests("linux").size(), granules);
    EXPECT_EQ(b.mover.digests("linux").size(), granules);
    options.check_only = false;
    ASSERT_TRUE(a.mover.move(network, "other", {0x0a4d0002}, migration_port, options));
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(a.mover.digests("other").size(), granules);
}

// A target that has no room for a partition refuses it, and that is all.
TEST_F(MoverTest, WhoFindsNoRoomTakesNoDigestsAway) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    b.end("linux");
    a.build("other");
    const auto for_page_states = b.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor);
    while (b.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor)) {}
    b.frames.release({*for_page_states, memory::frame_size}, FrameState::hypervisor);
    ASSERT_TRUE(move("other"));
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::memory) << a.mover.progress().failure.text();
    EXPECT_EQ(b.mover.digests("linux").size(), mib(16) / kib(64));
}

// Who leaves after a doubt is read before it is freed, as every other, whatever else has moved meanwhile.
TEST_F(MoverTest, AfterADoubtThereAreDigestsToo) {
    const std::size_t granules = mib(16) / kib(64);
    const auto move_into_doubt = [&](std::string_view name) {
        network.cut_backward = 19 * sizeof(RecordHeader) + sizeof(HelloReplyRecord) + round_trips * sizeof(PongRecord) +
                               sizeof(TotalsRecord) + sizeof(RunningRecord) - 1;
        a.build(name);
        EXPECT_TRUE(move(name));
        EXPECT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
        network.cut_backward = ~std::uint64_t{0};
        b.end(name);
    };
    move_into_doubt("first");
    a.build("other");
    ASSERT_TRUE(move("other"));
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    move_into_doubt("second");
    // One arrives meanwhile.
    ASSERT_TRUE(a.mover.listen(network));
    ASSERT_TRUE(b.mover.move(network, "other", {0x0a4d0001}, migration_port, {}));
    go_on();
    ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
    EXPECT_EQ(a.mover.digests("other").size(), granules);
    ASSERT_TRUE(a.mover.force("first", Owner::peer));
    EXPECT_EQ(a.mover.recovery("first").outcome, Recovery::Outcome::asking) << "it is not gone yet";
    EXPECT_EQ(a.mover.recover("first").error().error, MoveError::not_in_doubt);
    EXPECT_TRUE(a.mover.moves(*a.roster.find("first"))) << "and takes no orders";
    EXPECT_EQ(move("other").error().error, MoveError::busy);
    go_on();
    EXPECT_EQ(a.mover.recovery("first").outcome, Recovery::Outcome::there);
    EXPECT_EQ(a.mover.digests("first").size(), granules);
    ASSERT_TRUE(a.mover.force("second", Owner::here));
    EXPECT_EQ(a.mover.digests("first").size(), granules);
    for (const char* name : {"other", "second"})
        a.end(name);
    go_on();
    EXPECT_EQ(a.frames.total(FrameState::free), free_at_start - memory::frame_size) << "the last move's are left";
}

// Who leaves and who arrives have their digests each, at whatever moment a doubt is decided.
TEST_F(MoverTest, ADoubtThatEndsWhileAnotherArrivesTakesNothingFromIt) {
    const std::size_t granules = mib(16) / kib(64);
    for (const std::uint64_t pages : {0, 60, 150}) {
        network.cut_backward = 19 * sizeof(RecordHeader) + sizeof(HelloReplyRecord) + round_trips * sizeof(PongRecord) +
                               sizeof(TotalsRecord) + sizeof(RunningRecord) - 1;
        a.build("first");
        ASSERT_TRUE(b.mover.listen(network));
        ASSERT_TRUE(move("first"));
        ASSERT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
        network.cut_backward = ~std::uint64_t{0};
        b.end("first");
        test::fill_with_noise(b.build("other"));
        ASSERT_TRUE(a.mover.listen(network)); // the pipe leads to the one that listened last
        ASSERT_TRUE(b.mover.move(network, "other", {0x0a4d0001}, migration_port, {.mode = MoveMode::post_copy}));
        for (int rounds = 0; rounds < 100'000 && (a.mover.progress().state != MoveState::post_copying ||
                                                  a.mover.progress().pages_done() < pages);
             ++rounds)
            round();
        ASSERT_EQ(a.mover.progress().state, MoveState::post_copying);
        ASSERT_TRUE(a.mover.force("first", Owner::peer));
        go_on();
        EXPECT_EQ(a.roster.find("first"), nullptr);
        ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
        ASSERT_EQ(a.mover.digests("other").size(), granules);
        EXPECT_THAT(b.mover.digests("other"), testing::ElementsAreArray(a.mover.digests("other")));
        a.end("other");
        go_on();
        EXPECT_EQ(a.frames.total(FrameState::free), free_at_start - memory::frame_size) << "the last move's are left";
    }
}

// Two at once: the second has none, and takes the place of nobody's.
TEST_F(MoverTest, WhoLeavesBesideAnotherHasNoDigests) {
    for (const char* name : {"first", "second"}) {
        network.cut_backward = 19 * sizeof(RecordHeader) + sizeof(HelloReplyRecord) + round_trips * sizeof(PongRecord) +
                               sizeof(TotalsRecord) + sizeof(RunningRecord) - 1;
        a.build(name);
        ASSERT_TRUE(move(name));
        ASSERT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
        network.cut_backward = ~std::uint64_t{0};
        b.end(name);
    }
    for (const char* name : {"first", "second"})
        ASSERT_TRUE(a.mover.force(name, Owner::peer));
    EXPECT_EQ(a.roster.find("second"), nullptr) << "it is gone at once";
    go_on();
    EXPECT_EQ(a.roster.find("first"), nullptr);
    EXPECT_FALSE(a.mover.digests("first").empty());
    EXPECT_TRUE(a.mover.digests("second").empty());
}

// A store of which nobody has told the table of pages is not sent. That is what digests of what there was are for: those of what was sent
// would agree.
TEST_F(MoverTest, AStoreThatNobodySawIsInTheDigests) {
    partition::Partition& p = a.build("linux");
    MoveOptions options{.mode = MoveMode::pre_copy};
    options.bandwidth = 0;
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, options));
    for (int rounds = 0; rounds < 10'000 && a.mover.progress().zero_pages + a.mover.progress().pages < 100; ++rounds)
        round();
    ASSERT_TRUE(a.mover.progress().in_progress());
    ASSERT_GE(a.mover.progress().zero_pages + a.mover.progress().pages, 100u);
    const auto real = p.memory.translate({5 * p.granule}, 8);
    ASSERT_TRUE(real);
    *arch::real_pointer(*real) ^= std::byte{1};
    go_on();
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    ASSERT_EQ(b.mover.digests("linux").size(), a.mover.digests("linux").size());
    for (std::size_t i = 0; i < mib(16) / kib(64); ++i)
        EXPECT_EQ(a.mover.digests("linux")[i] == b.mover.digests("linux")[i], i != 5) << i;
}

TEST_F(MoverTest, AFlippedBitIsInTheDigests) {
    a.build("linux");
    ASSERT_TRUE(move("linux", 7));
    ASSERT_EQ(b.mover.digests("linux").size(), mib(16) / kib(64));
    for (std::size_t i = 0; i < mib(16) / kib(64); ++i)
        EXPECT_EQ(a.mover.digests("linux")[i] == b.mover.digests("linux")[i], i != 7) << i;
}

} // namespace
} // namespace transom::migrate

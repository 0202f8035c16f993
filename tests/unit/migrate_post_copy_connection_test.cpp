// SPDX-License-Identifier: Apache-2.0
#include "post_copy_fixture.hpp"

#include <fmt/format.h>

// Connections of a move that goes on by post-copy: those that break, and those that are a stranger's.

namespace transom::test {
namespace {

// At whatever byte a connection breaks, the partition runs on one side, and everything arrives.
TEST_F(PostCopy, R63_NothingIsLostWithAConnection) {
    ASSERT_TRUE(source.start(net, post_copy()));
    settle();
    const std::uint64_t whole = net.acceptor().delivered, back = net.connector().delivered;
    std::uint64_t here_again = 0, there_at_last = 0;
    const auto cut = [&](std::uint64_t forward, std::uint64_t backward) {
        SCOPED_TRACE(testing::Message() << "forward " << forward << ", backward " << backward);
        const unsigned released = source_control.released, completed = target_control.completed;
        const unsigned resumed = source_control.resumed, discarded = target_control.discarded;
        net.ends.clear();
        net.cut_forward = forward;
        net.cut_backward = backward;
        ASSERT_TRUE(source.start(net, post_copy()));
        settle();
        net.cut_forward = net.cut_backward = std::numeric_limits<std::uint64_t>::max();
        for (int second = 0; second < 3; ++second) {
            pass_a_second();
            settle();
        }
        if (source.progress().state == MoveState::completed) {
            ++there_at_last;
            EXPECT_EQ(source_control.released, released + 1);
            EXPECT_EQ(target_control.completed, completed + 1);
            EXPECT_EQ(source_control.resumed, resumed);
            EXPECT_EQ(target_control.discarded, discarded);
            expect_same_memory();
        } else {
            // Where `run` was given to the connection, and has not arrived, the target has said so since.
            ++here_again;
            EXPECT_EQ(source.progress().state, MoveState::failed) << source.progress().failure.text();
            EXPECT_TRUE(runs_here());
            EXPECT_EQ(source_control.released, released);
            EXPECT_EQ(target_control.completed, completed);
        }
    };
    for (std::uint64_t place = 1; place < whole; place += whole / 50)
        cut(place, whole + 1'000'000);
    for (std::uint64_t place = 1; place < back; place += back / 20)
        cut(whole + 1'000'000, place);
    EXPECT_GT(here_again, 3u);
    EXPECT_GT(there_at_last, 30u);
}

// R58: if the other machine is gone for good, that is what is lost.
TEST_F(PostCopy, R58_WhoSurvivesNamesWhatIsMissing) {
    net.window = 3000;
    start();
    ASSERT_TRUE(until([&] { return is_here(2); }));
    break_connection();
    std::uint64_t first = 0;
    while (is_here(first))
        ++first;
    std::uint64_t last = first;
    while (last + 1 < target.progress().pages_total && !is_here(last + 1))
        ++last;
    EXPECT_GT(first, 2u);
    EXPECT_THAT(std::string(target.progress().failure.text()),
                testing::StartsWith(fmt::format("pages {}-{}", first, last)));
    EXPECT_EQ(target.progress().failure.error, MoveError::connection_lost);
    EXPECT_EQ(target.progress().pages_left, there.page_states->pages_left());
    EXPECT_THAT(std::string(source.progress().failure.text()), testing::ContainsRegex("^pages .* missing: "));
    EXPECT_LE(source.progress().pages_left, target.progress().pages_left) << "it does not know what was on its way";
    pass_a_second();
    settle();
    expect_completed();
    EXPECT_EQ(source.progress().failure.text(), "");
}

// The source has not heard that all is there.
TEST_F(PostCopy, WhoHasNotHeardTheEndAsksAgain) {
    ASSERT_TRUE(source.start(net, post_copy()));
    settle();
    const std::uint64_t back = net.connector().delivered;
    net.ends.clear();
    source_control.released = target_control.completed = 0;
    net.cut_backward = back - 1; // in the last byte of all_here
    ASSERT_TRUE(source.start(net, post_copy()));
    settle();
    EXPECT_EQ(target.progress().state, MoveState::completed);
    EXPECT_EQ(source.progress().state, MoveState::post_copying);
    EXPECT_EQ(source_control.released, 0u);
    net.cut_backward = std::numeric_limits<std::uint64_t>::max();
    pass_a_second();
    settle();
    expect_completed();
}

// What was asked for by a broken connection is asked for again.
TEST_F(PostCopy, WhoWaitsIsNotForgottenWithAConnection) {
    net.window = 3000;
    start();
    wait_for(0, 90);
    target.step(1000); // asks
    ASSERT_EQ(target.progress().pages_demanded, 1u);
    break_connection();
    EXPECT_FALSE(is_here(90));
    EXPECT_EQ(target_control.discarded, 0u);
    EXPECT_TRUE(runs_there());
    pass_a_second();
    ASSERT_TRUE(until([&] { return is_here(90); }));
    EXPECT_FALSE(is_here(80));
    there.partition->vcpus[0].awaits = partition::Vcpu::nothing;
    settle();
    expect_completed();
}

// Nobody else gets into a target that waits for the rest of a partition.
TEST_F(PostCopy, OnlyItsSourceIsAwaited) {
    net.window = 3000;
    start();
    break_connection();
    ASSERT_EQ(target.progress().state, MoveState::post_copying);
    TestSource other_control;
    std::vector<std::byte> other_buffer(migrate::max_record);
    migrate::SourceSession other{other_control, facts, other_buffer};
    other_control.session = &other;
    Home elsewhere{arch::fake_real_base + mib(16)};
    std::swap(elsewhere.partition, here.partition); // only its name and shape are looked at
    ASSERT_TRUE(other.start(net, [&] {
        migrate::MoveOrder moved;
        moved.partition = elsewhere.partition.get();
        moved.target = {0x0a4d0002};
        moved.pages = &*pages;
        moved.mode = MoveMode::stop_and_copy;
        elsewhere.partition->state = partition::PartitionState::running;
        return moved;
    }()));
    for (int i = 0; i < 20; ++i) {
        net.pump();
        other.step(1000);
        target.step(1000);
    }
    EXPECT_EQ(other.progress().failure.error, MoveError::busy);
    EXPECT_EQ(target.progress().state, MoveState::post_copying);
    EXPECT_EQ(target_control.discarded, 0u);
    std::swap(elsewhere.partition, here.partition);
    here.partition->state = partition::PartitionState::suspended;
    pass_a_second();
    settle();
    expect_completed();
}

// What follows a record that was refused is not looked at.
TEST_F(PostCopy, AStrangerStoresNothing) {
    net.window = 3000;
    start();
    break_connection();
    ASSERT_FALSE(is_here(90));
    for (const bool with_again : {false, true}) {
        Stranger stranger;
        if (with_again)
            stranger.add(migrate::RecordType::again, migrate::AgainRecord{.name = {'x'}});
        else
            stranger.add(migrate::RecordType::hello,
                         migrate::make_hello(facts, migrate::shape_of(*here.partition), migrate::Fit::same_version));
        stranger.add(migrate::RecordType::zero_pages, migrate::ZeroPagesRecord{90, 1, 1});
        send_away(stranger);
        EXPECT_FALSE(is_here(90));
        EXPECT_EQ(target.progress().state, MoveState::post_copying);
    }
    pass_a_second();
    settle();
    expect_completed();
}

TEST_F(PostCopy, AnAgainThatNobodyWaitsForIsRefused) {
    Stranger stranger;
    stranger.add(migrate::RecordType::again, migrate::AgainRecord{.name = {'x'}});
    small();
    stranger.add(migrate::RecordType::hello,
                 migrate::make_hello(facts, migrate::shape_of(*here.partition), migrate::Fit::same_version));
    send_away(stranger);
    EXPECT_EQ(target_control.created, 0u);
}

// An operator who has seen that the target is lost frees what it lacked; a connection that is being made is given up.
TEST_F(PostCopy, SettledItAsksNoMore) {
    net.window = 3000;
    start();
    break_connection();
    source_control.ticks += facts.timebase_frequency;
    source.step(1000); // connects
    ASSERT_TRUE(source.is_cut_off(*here.partition));
    EXPECT_TRUE(source.has_run_there());
    source.end_doubt(*here.partition, migrate::Owner::peer, migrate::failure(MoveError::in_doubt, "it is there"));
    EXPECT_EQ(source_control.released, 1u);
    EXPECT_FALSE(source_control.released_whole);
    EXPECT_EQ(source_control.untracked, 1u);
    settle();
    pass_a_second();
    settle();
    EXPECT_EQ(source.progress().state, MoveState::completed);
    EXPECT_EQ(source_control.released, 1u);
    EXPECT_EQ(target.progress().state, MoveState::post_copying);
}

} // namespace
} // namespace transom::test

// SPDX-License-Identifier: Apache-2.0
#include "move_fixture.hpp"

namespace transom::test {
namespace {

using migrate::MoveError;
using migrate::MoveMode;
using migrate::MoveState;

/// A stranger's records in one piece, with sound sequences.
class Stranger final : public net::StreamHandler {
  public:
    template <class T> void add(migrate::RecordType type, const T& object) {
        writer_.write(type, object);
        const auto waiting = writer_.waiting();
        bytes.insert(bytes.end(), waiting.begin(), waiting.end());
        struct Sink final : net::ByteStream {
            std::size_t send(std::span<const std::byte> b) override { return b.size(); }
            std::size_t send_space() const override { return 100000; }
            void resume_receive() override {}
            void admit() override {}
            void close() override {}
            void abort() override {}
            net::Ipv4Address peer() const override { return {}; }
            net::PeerKey peer_key() const override { return net::PeerKey::none; }
        } sink;
        writer_.flush(sink);
    }
    std::size_t received(std::span<const std::byte> b) override { return b.size(); }
    void closed(net::CloseReason) override { over = true; }
    std::vector<std::byte> bytes;
    bool over = false;

  private:
    std::vector<std::byte> buffer_ = std::vector<std::byte>(migrate::max_record);
    migrate::RecordWriter writer_{buffer_};
};

/// A partition that runs at the target before all of its memory has come.
class PostCopy : public Move {
  protected:
    migrate::MoveOrder post_copy(std::uint32_t vcpus = 2) {
        migrate::MoveOrder moved = order(large(vcpus));
        moved.mode = MoveMode::post_copy;
        return moved;
    }
    bool is_here(std::uint64_t page) { return there.partition->memory.here({page * kib(4)}); }
    /// As a virtual processor does that needs a page.
    void wait_for(std::uint32_t vcpu, std::uint64_t page) { there.partition->vcpus[vcpu].awaits = page * kib(4); }
    /// Until it runs there, with a page missing.
    void start() {
        ASSERT_TRUE(source.start(net, post_copy()));
        ASSERT_TRUE(until([&] { return runs_there(); }));
        ASSERT_EQ(target_control.started_early, 1u);
        ASSERT_EQ(target.progress().state, MoveState::post_copying);
    }
    void expect_completed() {
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        ASSERT_EQ(target.progress().state, MoveState::completed) << target.progress().failure.text();
        EXPECT_EQ(source_control.released, 1u);
        EXPECT_EQ(target_control.completed, 1u);
        EXPECT_TRUE(source_control.released_whole);
        EXPECT_TRUE(target_control.completed_whole);
        EXPECT_EQ(target_control.discarded, 0u);
        EXPECT_EQ(source_control.resumed, 0u);
        expect_same_memory();
    }
    /// The connection breaks, and the next one does not.
    void break_connection() {
        net.connector(net.ends.size() / 2 - 1).cut = true;
        net.cut_forward = net.cut_backward = std::numeric_limits<std::uint64_t>::max();
        settle();
    }
    /// The target hears all that a stranger has to say, and ends the connection.
    void send_away(Stranger& stranger) {
        const auto stream = net.connect({0x0a4d0002}, 7701, stranger);
        ASSERT_TRUE(stream);
        net.pump();
        (*stream)->send(stranger.bytes);
        for (int i = 0; i < 10; ++i) {
            net.pump();
            target.step(1000);
        }
        EXPECT_TRUE(stranger.over);
    }
    void pass_a_second() {
        source_control.ticks += facts.timebase_frequency;
        target_control.ticks += facts.timebase_frequency;
    }
};

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

// At whatever byte a connection breaks, the partition runs on one side, and everything arrives.
TEST_F(PostCopy, NothingIsLostWithAConnection) {
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
    Home elsewhere{arch::fake_real_base + mib(16)};
    std::swap(elsewhere.partition, here.partition); // only its name and shape are looked at
    ASSERT_TRUE(other.start(net, [&] {
        migrate::MoveOrder moved;
        moved.partition = elsewhere.partition.get();
        moved.target = {0x0a4d0002};
        moved.digests = here.digests;
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

// A partition that ends there needs nothing more.
TEST_F(PostCopy, ThatOfAPartitionThatHasEndedIsFreed) {
    net.window = 3000;
    start();
    EXPECT_TRUE(target.completes(*there.partition));
    there.partition->state = partition::PartitionState::off;
    target.ended(*there.partition);
    settle();
    for (int second = 0; second < 3; ++second) {
        pass_a_second();
        settle();
    }
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(source_control.released, 1u);
    EXPECT_FALSE(source_control.released_whole) << "of what was not sent there are no digests";
    EXPECT_FALSE(target_control.completed_whole);
    EXPECT_FALSE(target.completes(*there.partition));
}

// Somebody else who has just connected does not hear of it: it would take it for the end of its own move.
TEST_F(PostCopy, ItsEndIsToldToItsSourceAlone) {
    net.window = 3000;
    start();
    break_connection();
    struct Other final : net::StreamHandler {
        std::size_t heard = 0;
        bool over = false;
        std::size_t received(std::span<const std::byte> bytes) override {
            heard += bytes.size();
            return bytes.size();
        }
        void closed(net::CloseReason) override { over = true; }
    } other;
    ASSERT_TRUE(net.connect({0x0a4d0002}, 7701, other));
    net.pump();
    for (int i = 0; i < 10; ++i) {
        target.step(1000);
        target_control.ticks += facts.timebase_frequency;
    }
    EXPECT_EQ(other.heard, 0u);
    there.partition->state = partition::PartitionState::off;
    target.ended(*there.partition);
    for (int i = 0; i < 10; ++i) {
        net.pump();
        target.step(1000);
    }
    EXPECT_EQ(other.heard, 0u);
    EXPECT_TRUE(other.over);
    EXPECT_TRUE(target.progress().failure.text().empty()) << "what a stranger does is none of the move's failures";
    pass_a_second();
    settle();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
}

// Of a long run of zeros nothing more is stored into what is about to be taken apart.
TEST_F(PostCopy, AZeroRunEndsWithItsPartition) {
    start();
    target_control.per_look = 2000; // a step is over after one granule
    ASSERT_TRUE(until([&] { return is_here(150); }));
    ASSERT_FALSE(is_here(3000));
    there.partition->state = partition::PartitionState::off;
    target.ended(*there.partition);
    const std::uint64_t so_far = target.progress().zero_pages;
    settle();
    EXPECT_EQ(target.progress().zero_pages, so_far);
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
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

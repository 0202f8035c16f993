// SPDX-License-Identifier: Apache-2.0
#include "mover_fixture.hpp"
#include "raw_source.hpp"

// A move that has ended in doubt: who had `run` at the break has it, and the source learns of it by asking.

namespace transom::test {
namespace {

using migrate::Doubt;
using migrate::Doubts;
using migrate::MoveError;
using migrate::MoveState;
using migrate::Owner;

class InDoubt : public Move, protected migrate::DoubtControl {
  protected:
    InDoubt() { net.at_port[port] = &answering; }
    std::uint64_t doubt_now() override { return source_control.ticks; }
    void decided(const Doubt& doubt, Owner owner) override {
        EXPECT_EQ(doubt.name(), "debian");
        EXPECT_FALSE(verdict) << "decided twice";
        verdict = owner;
    }
    /// A move over a connection that breaks, in the source's direction, so many bytes before its end, or in the target's.
    void break_at(std::uint64_t before_end, bool forward) {
        small();
        ASSERT_TRUE(source.start(net, order(*here.partition)));
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed);
        const std::uint64_t whole = forward ? net.acceptor().delivered : net.connector().delivered;
        net.ends.clear();
        target_control.started = 0;
        small();
        (forward ? net.cut_forward : net.cut_backward) = whole - before_end;
        ASSERT_TRUE(source.start(net, order(*here.partition)));
        settle();
        net.cut_forward = net.cut_backward = std::numeric_limits<std::uint64_t>::max();
        ASSERT_EQ(source.progress().state, MoveState::in_doubt) << source.progress().failure.text();
        doubts.add(source.doubt());
    }
    void pass(std::uint64_t ticks) {
        source_control.ticks += ticks;
        target_control.ticks += ticks;
        for (int round = 0; round < 10; ++round) {
            doubts.step();
            net.pump();
            target.step(1000);
        }
    }
    void pass_a_second() { pass(facts.timebase_frequency); }
    /// So that it was asked about more than once.
    void pass_three_seconds() {
        for (int second = 0; second < 3; ++second)
            pass_a_second();
    }

    static constexpr std::uint16_t port = migrate::question_port(7701);
    migrate::Answers answering{target.outcomes()};
    Doubts doubts{*this, facts.timebase_frequency};
    std::optional<Owner> verdict;
};

constexpr std::uint64_t run_size = sizeof(migrate::RecordHeader);

TEST_F(InDoubt, ATargetThatHasNotGotRunSaysThatItWillNotRunIt) {
    break_at(run_size / 2, true);
    ASSERT_EQ(target_control.discarded, 1u);
    pass_a_second();
    EXPECT_EQ(verdict, Owner::here);
    EXPECT_TRUE(doubts.none());
    EXPECT_FALSE(target.busy());
}

TEST_F(InDoubt, ATargetThatRunsItSaysSo) {
    break_at(1, false);
    ASSERT_TRUE(runs_there());
    pass_a_second();
    EXPECT_EQ(verdict, Owner::peer);
    EXPECT_TRUE(doubts.none());
}

// It has come and gone there, and others after it.
TEST_F(InDoubt, ATargetRemembersTheLastMoves) {
    break_at(1, false);
    const Doubt first = source.doubt();
    for (std::size_t move = 1; move < migrate::MoveOutcomes::capacity; ++move) {
        there.scrub();
        small();
        source_control.ticks += 5;
        ASSERT_TRUE(source.start(net, order(*here.partition)));
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed);
    }
    pass_a_second();
    EXPECT_EQ(verdict, Owner::peer);
    // One more, and it is forgotten: nobody guesses.
    there.scrub();
    small();
    ASSERT_TRUE(source.start(net, order(*here.partition)));
    settle();
    verdict.reset();
    doubts.add(first);
    pass_three_seconds();
    EXPECT_FALSE(verdict);
    EXPECT_FALSE(doubts.none());
}

// A machine that was restarted knows of nothing: it may have run there before.
TEST_F(InDoubt, ATargetThatKnowsNothingOfItDecidesNothing) {
    break_at(run_size / 2, true);
    migrate::TargetSession fresh(target_control, facts, receive_buffer);
    migrate::Answers at_fresh(fresh.outcomes());
    net.at_port[port] = &at_fresh;
    pass_three_seconds();
    EXPECT_FALSE(verdict);
    net.at_port[port] = &answering;
    pass_a_second();
    EXPECT_EQ(verdict, Owner::here);
}

// One of the machines that are known here is not another one of them.
TEST_F(InDoubt, NobodyElsesWordCounts) {
    net.answers_with = net::PeerKey{1};
    break_at(run_size / 2, true);
    net.answers_with = net::PeerKey{2};
    pass_three_seconds();
    EXPECT_FALSE(verdict) << "its address is another machine's now";
    net.answers_with = net::PeerKey{1};
    pass_a_second();
    EXPECT_EQ(verdict, Owner::here);
}

TEST_F(InDoubt, NobodyElseIsAnswered) {
    net.calls_with = net::PeerKey{1};
    break_at(run_size / 2, true);
    net.calls_with = net::PeerKey{2};
    pass_three_seconds();
    EXPECT_FALSE(verdict);
    net.calls_with = net::PeerKey{1};
    pass_a_second();
    EXPECT_EQ(verdict, Owner::here);
}

// Somebody waits for each of two answers: neither question ends the other.
TEST_F(InDoubt, WhoIsWaitedForIsNotInterrupted) {
    break_at(run_size / 2, true);
    Doubt other = source.doubt();
    other.move.name = {'o', 't', 'h', 'e', 'r'};
    doubts.add(other);
    ASSERT_TRUE(doubts.ask("debian"));
    ASSERT_TRUE(doubts.ask("other"));
    pass(facts.timebase_frequency / 100);
    EXPECT_EQ(verdict, Owner::here);
    pass_a_second();
    const Doubt* const asked = std::as_const(doubts).find("other");
    ASSERT_NE(asked, nullptr);
    EXPECT_FALSE(asked->asked_now) << "its turn has come";
}

TEST_F(InDoubt, ItIsAskedAgainUntilThereIsAnAnswer) {
    break_at(run_size / 2, true);
    struct Odd final : net::Listener, net::StreamHandler {
        std::vector<std::byte> says;
        net::ByteStream* stream = nullptr;
        net::StreamHandler* accepted(net::ByteStream& s) override {
            stream = &s;
            return this;
        }
        std::size_t received(std::span<const std::byte> bytes) override {
            stream->send(says);
            return bytes.size();
        }
        void closed(net::CloseReason) override { ++over; }
        int over = 0;
    } odd;
    const auto record = [](migrate::RecordType type, const auto& payload) {
        std::vector<std::byte> buffer(migrate::max_record);
        migrate::RecordWriter writer(buffer);
        writer.write(type, payload);
        return std::vector<std::byte>(writer.waiting().begin(), writer.waiting().end());
    };
    net.at_port[port] = nullptr; // nobody listens
    pass_a_second();
    net.at_port[port] = &odd;
    migrate::FailureRecord failed{static_cast<std::uint32_t>(MoveError::cancelled), {}};
    const std::vector<std::vector<std::byte>> answers = {
        {},                                           // nothing
        std::vector<std::byte>(100, std::byte{0x41}), // no record
        record(migrate::RecordType::failure, failed), // not the failure that says so
        record(migrate::RecordType::running, migrate::RunningRecord{}),
    };
    for (const auto& answer : answers) {
        odd.says = answer;
        const int before = odd.over;
        pass_a_second();
        pass(11 * facts.timebase_frequency); // longer than anybody waits
        EXPECT_GT(odd.over, before);
        EXPECT_FALSE(verdict);
    }
    net.at_port[port] = &answering;
    pass_a_second();
    pass_a_second();
    EXPECT_EQ(verdict, Owner::here);
}

// Nor does who asks nothing, or something else, keep others from asking.
TEST_F(InDoubt, WhoAsksNothingIsInNobodysWay) {
    break_at(1, false);
    struct Silent final : net::StreamHandler {
        std::size_t received(std::span<const std::byte> bytes) override { return bytes.size(); }
        void closed(net::CloseReason) override {}
    } silent;
    for (int i = 0; i < 9; ++i)
        ASSERT_TRUE(net.connect({0x0a4d0002}, port, silent));
    std::vector<std::byte> buffer(migrate::max_record);
    migrate::RecordWriter writer(buffer);
    writer.write(migrate::RecordType::ping, migrate::PingRecord{1});
    const auto other = net.connect({0x0a4d0002}, port, silent);
    net.pump();
    writer.flush(**other);
    pass_a_second();
    EXPECT_EQ(verdict, Owner::peer);
    EXPECT_FALSE(target.busy()) << "it is no arrival";
}

// A target that waits for the memory of another partition answers all the same, and tells nobody else that it has come.
TEST_F(InDoubt, ItIsAnsweredWhileAnotherPartitionWaits) {
    break_at(run_size / 2, true);
    partition::Partition* const doubted = here.partition.release();
    migrate::MoveOrder other = order(large(2));
    here.partition->name_storage = {'o', 't', 'h', 'e', 'r'};
    other.mode = migrate::MoveMode::post_copy;
    net.window = 3000;
    migrate::SourceSession second(source_control, facts, send_buffer);
    ASSERT_TRUE(second.start(net, other));
    for (int round = 0; round < 2000 && target_control.started_early == 0; ++round) {
        net.pump();
        second.step(1000);
        target.step(1000);
    }
    ASSERT_EQ(target.progress().state, MoveState::post_copying);
    pass_a_second();
    EXPECT_EQ(verdict, Owner::here);
    EXPECT_EQ(target.progress().state, MoveState::post_copying);
    delete doubted;
}

TEST_F(InDoubt, WhatAnOperatorHasDecidedIsNotAskedAbout) {
    break_at(run_size / 2, true);
    source_control.ticks += facts.timebase_frequency;
    doubts.step(); // connects
    doubts.forget("debian");
    doubts.forget("nobody");
    for (int second = 0; second < 3; ++second)
        pass_a_second();
    EXPECT_FALSE(verdict);
    EXPECT_TRUE(doubts.none());
    EXPECT_EQ(doubts.step(), ~std::uint64_t{0});
}

// An operator does not wait for its turn, nor behind a question that nobody answers.
TEST_F(InDoubt, OneIsAskedAboutAtOnce) {
    break_at(1, false);
    Doubt other = source.doubt();
    other.move.name = {};
    other.move.name[0] = 'a';
    doubts.add(other);
    source_control.ticks += facts.timebase_frequency;
    doubts.step(); // asks about the first; nobody answers yet
    EXPECT_FALSE(doubts.ask("nobody"));
    ASSERT_TRUE(doubts.ask("a"));
    EXPECT_TRUE(std::as_const(doubts).find("a")->asked_now);
    pass(1);
    ASSERT_NE(std::as_const(doubts).find("a"), nullptr);
    EXPECT_FALSE(std::as_const(doubts).find("a")->asked_now);
    EXPECT_EQ(std::as_const(doubts).find("a")->heard.error, MoveError::no_such_partition);
    EXPECT_FALSE(verdict) << "that one was to wait";
    ASSERT_TRUE(doubts.ask("debian"));
    ASSERT_TRUE(doubts.ask("debian")) << "it is being asked already";
    pass(1);
    EXPECT_EQ(verdict, Owner::peer);
}

TEST_F(InDoubt, SeveralAreAskedAboutInTurn) {
    break_at(1, false);
    for (const char* name : {"a", "b"}) {
        Doubt other = source.doubt();
        other.move.name = {};
        other.move.name[0] = *name;
        doubts.add(other);
    }
    for (int second = 0; second < 4; ++second)
        pass_a_second();
    EXPECT_EQ(verdict, Owner::peer);
    EXPECT_FALSE(doubts.none());
}

} // namespace
} // namespace transom::test

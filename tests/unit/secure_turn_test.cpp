// SPDX-License-Identifier: Apache-2.0
#include "secure_fixture.hpp"

#include <deque>

// Handshakes take turns, and pause between them: whoever calls, the processor is for others, too.

namespace transom::secure {
namespace {

class SecureTurnTest : public SecureTest {
  protected:
    static constexpr std::uint64_t turn = handshake_turn_us * test_frequency / 1'000'000;

    /// So many call, one after the other, and what they say first waits at b.
    void call(std::size_t count) {
        listen(b);
        fake.step_ =
            2 * turn; // a look at the clock, of which there is one for each piece, takes longer than a turn has
        for (std::size_t i = 0; i < count; ++i) {
            connect(a, callers.emplace_back());
            pipes.pump();
        }
        fake.step_ = 0;
        ASSERT_FALSE(waiting(0).inbound.empty());
    }
    test::PipeEnd& waiting(std::size_t connection) { return pipes.acceptor(connection); }
    /// b's next round, in which each piece takes longer than a turn has; after how many ticks it wants another one.
    std::uint64_t next_round() {
        const std::uint64_t next = b.network->run();
        fake.step_ = 2 * turn;
        for (std::size_t i = 0; i < callers.size(); ++i)
            waiting(i).pump();
        fake.step_ = 0;
        return next;
    }
    /// How much of what the callers have said is left.
    std::size_t left() {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < callers.size(); ++i)
            sum += waiting(i).inbound.size();
        return sum;
    }
    void expect_all_connected() {
        for (int i = 0; i < 10'000 && !callers.back().is_connected; ++i) {
            round();
            fake.advance(turn);
        }
        for (const Talker& caller : callers)
            EXPECT_TRUE(caller.is_connected);
    }

    std::deque<Talker> callers;
};

TEST_F(SecureTurnTest, OnePieceOfOneHandshakeGoesOnInARound) {
    call(3);
    for (int i = 0; i < 10; ++i) {
        fake.advance(100 * turn);
        const std::size_t before = left();
        EXPECT_EQ(next_round(), 0u);
        EXPECT_LE(before - left(), handshake_piece) << i;
        EXPECT_LT(left(), before) << i;
    }
    expect_all_connected();
}

TEST_F(SecureTurnTest, ThePauseIsAsLongAsTheTurn) {
    call(1);
    const std::size_t before = left();
    const std::uint64_t pause = next_round();
    EXPECT_GE(pause, turn) << "others have the processor";
    EXPECT_LT(pause, 10 * turn);
    EXPECT_EQ(left(), before) << "it does not go on meanwhile";
    EXPECT_GE(b.network->handshake_ticks(), pause);
    fake.advance(pause);
    EXPECT_EQ(next_round(), 0u);
    EXPECT_LT(left(), before);
    expect_all_connected();
}

TEST_F(SecureTurnTest, AFreeTurnIsForWhoHasWaitedLongest) {
    call(2);
    next_round();
    fake.advance(next_round());
    const std::size_t before = waiting(1).inbound.size();
    waiting(1).offer = true; // more has come from it
    waiting(1).pump();
    EXPECT_EQ(waiting(1).inbound.size(), before);
    expect_all_connected();
}

TEST_F(SecureTurnTest, WhatComesOutOfTurnLengthensNoPause) {
    call(2);
    fake.advance(100 * turn);
    b.network->run(); // it is the first one's
    const std::uint64_t before = b.network->handshake_ticks();
    fake.step_ = 2 * turn;
    waiting(1).offer = true;
    waiting(1).pump();
    fake.step_ = 0;
    EXPECT_EQ(b.network->handshake_ticks(), before);
    expect_all_connected();
}

TEST_F(SecureTurnTest, WhoWaitsForUsDoesNotHaveToMakeRoom) {
    call(max_half_open);
    fake.advance(grace_ms * test_frequency / 1000);
    Talker stranger;
    ASSERT_TRUE(pipes.connect(other_machine, test_port, stranger));
    fake.step_ = 2 * turn;
    pipes.pump();
    fake.step_ = 0;
    EXPECT_EQ(stranger.end, CloseReason::refused);
    expect_all_connected();
}

TEST_F(SecureTurnTest, WhoHasWaitedLongestIsNext) {
    call(max_half_open);
    std::size_t left_of_first = waiting(0).inbound.size(), left_of_others = left() - left_of_first;
    for (; left_of_first > handshake_piece; left_of_first = waiting(0).inbound.size()) {
        fake.advance(100 * turn);
        next_round();
        ASSERT_LT(waiting(0).inbound.size(), left_of_first);
        ASSERT_EQ(left() - waiting(0).inbound.size(), left_of_others);
    }
    expect_all_connected();
}

/// A peer is not hung up on because we have too much to do.
TEST_F(SecureTurnTest, WhoWaitsForATurnIsNotLate) {
    call(2);
    fake.advance(2 * handshake_limit_s * test_frequency);
    next_round();
    EXPECT_TRUE(waiting(0).open && waiting(1).open);
    EXPECT_TRUE(fake.log_.empty()) << log();
    while (left() != 0) { // and then it is the peers' turn to say something
        fake.advance(turn);
        next_round();
        b.network->run();
    }
    fake.advance(handshake_limit_s * test_frequency);
    b.network->run();
    EXPECT_FALSE(waiting(0).open || waiting(1).open);
}

} // namespace
} // namespace transom::secure

// SPDX-License-Identifier: Apache-2.0
#include "secure_fixture.hpp"

#include <algorithm>

// The end of a connection that is full.

namespace transom::secure {
namespace {

TEST_F(SecureTest, AnEndThatTheOtherReadsSlowlyIsNotCut) {
    pipes.window = 5000;
    shake();
    there().appetite = 0;
    here.to_say = random_bytes(60'000, random);
    here.talk();
    go_on();
    const std::size_t said = here.said;
    here.stream->close();
    go_on();
    int steps = 0;
    for (; steps < 100 && places_in_use(a) != 0; ++steps) {
        fake.advance((handshake_limit_s - 1) * test_frequency);
        pipes.connector().window += 1000;
        go_on();
    }
    EXPECT_GT(steps, 5);
    EXPECT_FALSE(there().end);
    there().appetite = ~std::size_t{0};
    there().stream->resume_receive();
    go_on();
    EXPECT_EQ(there().heard.size(), said);
    EXPECT_EQ(there().end, CloseReason::finished);
}

// With CloseReason::finished what was accepted is still sent. Who has closed hears nothing any more, so it cannot be.
TEST_F(SecureTest, WhatCannotBeSentToOneThatHasClosedMakesItAReset) {
    pipes.window = 5000;
    shake();
    there().to_say = random_bytes(30'000, random);
    there().talk();
    ASSERT_GT(there().said, 5000u);
    here.stream->close();
    while (pipes.acceptor().pump()) {}
    EXPECT_TRUE(there().finished);
    EXPECT_EQ(there().end, CloseReason::reset);
}

TEST_F(SecureTest, WhatCanBeSentToOneThatHasClosedMakesItNone) {
    shake();
    there().on_received = [&] { there().stream->send(ByteVector(100)); };
    here.to_say = random_bytes(100, random);
    here.talk();
    here.stream->close();
    const std::size_t before = pipes.connector().delivered;
    while (pipes.acceptor().pump()) {}
    EXPECT_EQ(there().end, CloseReason::finished);
    EXPECT_GE(pipes.connector().delivered - before, 100 + record_overhead);
}

} // namespace
} // namespace transom::secure

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secure_fixture.hpp"

namespace transom::secure {

class SecureRefusalTest : public SecureTest {
  protected:
    /// A network whose connector says what it likes, to b.
    net::ByteStream& stranger(Talker& talker) {
        net::ByteStream& stream = **pipes.connect(other_machine, test_port, talker);
        talker.stream = &stream;
        round();
        return stream;
    }
    /// What a said to b until both were connected.
    ByteVector recorded_hello() {
        shake();
        return pipes.acceptor().history;
    }
    void expect_refused(const Talker& caller, CloseReason reason) {
        EXPECT_FALSE(caller.is_connected);
        EXPECT_EQ(caller.end, reason);
        EXPECT_TRUE(host.talkers.empty()) << "it has reached the listener";
        EXPECT_EQ(places_in_use(a), 0u);
        EXPECT_EQ(places_in_use(b), 0u);
    }
};

/// Answers each connection with the same bytes.
struct Echo final : net::Listener {
    ByteVector answer;
    Talker talker;
    net::StreamHandler* accepted(net::ByteStream& stream) override {
        stream.send(answer);
        return &talker;
    }
};

} // namespace transom::secure

// SPDX-License-Identifier: Apache-2.0
#include "secure_fixture.hpp"

#include <algorithm>
#include <transom/fault/faulty_network.hpp>

// What leaves a machine sealed, and what comes of it at the other when somebody touches it.

namespace transom::secure {
namespace {

using fault::Action;
using fault::FaultState;

constexpr std::uint16_t handshake = 22, data = 23;

/// A machine that reaches the network through one which makes faults.
class SealedFault : public SecureTest {
  protected:
    SealedFault() { listen(b); }

    bool work() {
        faulty.run();
        through.network->run();
        b.network->run();
        return pipes.pump();
    }
    /// Says three pieces after one another.
    void talk() {
        talker = Talker();
        host.talkers.clear();
        pipes.ends.clear();
        connect(through, talker);
        talker.to_say = random_bytes(3000, random);
        for (int piece = 0; piece < 4; ++piece) {
            for (int rounds = 0; work() && rounds < 1000; ++rounds) {}
            if (talker.is_connected && !talker.end)
                talker.talk(1000);
        }
    }
    /// Whatever was heard was said.
    bool heard_a_beginning() {
        if (host.talkers.empty())
            return true;
        const ByteVector& heard = there().heard;
        return heard.size() <= talker.to_say.size() &&
               std::ranges::equal(heard, std::span(talker.to_say).first(heard.size()));
    }

    fault::FaultyNetwork faulty{pipes, fault::sealed_framing};
    Machine through{faulty, "link", 1, {2}};
    Talker talker;
};

TEST_F(SealedFault, WithoutOneAllArrives) {
    faulty.plan().arm({.record = data, .nth = 1000, .action = Action::corrupt});
    talk();
    ASSERT_EQ(host.talkers.size(), 1u);
    EXPECT_EQ(there().heard, talker.to_say);
    EXPECT_EQ(faulty.plan().sent(data), 3u);
    EXPECT_GT(faulty.plan().sent(handshake), 1u);
}

TEST_F(SealedFault, WhatIsDamagedIsNeverHeard) {
    for (std::uint64_t nth = 1; nth <= 3; ++nth) {
        fake.log_.clear();
        faulty.plan().arm({.record = data, .nth = nth, .action = Action::corrupt});
        talk();
        ASSERT_EQ(faulty.plan().state(), FaultState::happened);
        ASSERT_EQ(host.talkers.size(), 1u);
        EXPECT_TRUE(heard_a_beginning());
        EXPECT_EQ(there().heard.size(), (nth - 1) * 1000) << "all before it, and nothing of it";
        EXPECT_EQ(there().end, CloseReason::forged);
        EXPECT_NE(log().find("damaged or forged on the way"), std::string::npos) << log();
    }
}

TEST_F(SealedFault, WhatEndsTooEarlyIsNoEnd) {
    for (const Action action : {Action::truncate, Action::cut})
        for (std::uint64_t nth = 1; nth <= 3; ++nth) {
            faulty.plan().arm({.record = data, .nth = nth, .action = action});
            talk();
            ASSERT_EQ(faulty.plan().state(), FaultState::happened);
            ASSERT_EQ(host.talkers.size(), 1u);
            EXPECT_TRUE(heard_a_beginning());
            EXPECT_EQ(there().heard.size(), (nth - 1) * 1000);
            EXPECT_FALSE(there().finished) << "nobody has said that it was all";
            EXPECT_TRUE(there().end.has_value());
            EXPECT_TRUE(talker.end.has_value());
        }
}

TEST_F(SealedFault, AHandshakeThatIsTouchedLetsNobodyIn) {
    faulty.plan().arm({.record = data, .nth = 1000, .action = Action::corrupt});
    talk();
    const std::uint64_t messages = faulty.plan().sent(handshake);
    for (const Action action : {Action::corrupt, Action::truncate, Action::cut})
        for (std::uint64_t nth = 1; nth <= messages; ++nth) {
            faulty.plan().arm({.record = handshake, .nth = nth, .action = action});
            talk();
            ASSERT_EQ(faulty.plan().state(), FaultState::happened) << nth;
            EXPECT_TRUE(host.talkers.empty()) << nth;
            EXPECT_FALSE(talker.is_connected) << nth;
        }
}

} // namespace
} // namespace transom::secure

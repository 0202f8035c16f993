// SPDX-License-Identifier: Apache-2.0
#include "secure_fixture.hpp"

#include <algorithm>

// What one round does, and who goes on with the rest.

namespace transom::secure {
namespace {

class SecureRoundTest : public SecureTest {
  protected:
    /// The other machine has as much to take as the connection below holds.
    void fill(std::size_t bytes) {
        pipes.window = bytes + bytes / 100;
        shake();
        here.to_say = random_bytes(bytes, random);
        here.talk();
        a.network->run();
        ASSERT_EQ(here.said, bytes);
    }
};

TEST_F(SecureRoundTest, TakesNoMoreThanAFewRecordsInARound) {
    fill(1'000'000);
    std::size_t rounds = 0, before = 0;
    for (; rounds < 1000 && there().heard.size() < here.to_say.size(); ++rounds) {
        const std::uint64_t next = b.network->run();
        if (rounds > 0) {
            ASSERT_EQ(next, 0u) << "there is more to do";
        }
        pipes.pump();
        ASSERT_LE(there().heard.size() - before, records_in_a_round * record_size);
        before = there().heard.size();
    }
    EXPECT_EQ(there().heard, here.to_say);
    EXPECT_GE(rounds, 1'000'000 / (records_in_a_round * record_size));
    EXPECT_LE(rounds, 1'000'000 / (records_in_a_round * record_size) + 2) << "as much as it may in each";
    go_on();
    EXPECT_NE(b.network->run(), 0u) << "all is done";
}

TEST_F(SecureRoundTest, RecordsThatAreSmallCountByTheirBytes) {
    pipes.window = 1'000'000;
    shake();
    here.to_say = random_bytes(40'000, random);
    while (here.said < here.to_say.size()) {
        here.talk(1);
        a.network->run();
    }
    b.network->run();
    pipes.pump();
    EXPECT_GT(there().heard.size(), 0u);
    EXPECT_LE(there().heard.size(), records_in_a_round * record_size / record_overhead);
    go_on();
    EXPECT_EQ(there().heard, here.to_say);
}

// The network below does not ask for another round where no frame has arrived in this one.
TEST_F(SecureRoundTest, WhoResumesIsServedToTheEnd) {
    fill(500'000);
    there().appetite = 10;
    b.network->run();
    pipes.pump();
    EXPECT_EQ(there().heard.size(), 10u);
    b.network->run();
    pipes.pump();
    EXPECT_NE(b.network->run(), 0u) << "it is the handler that has no room";
    there().appetite = ~std::size_t{0};
    there().stream->resume_receive();
    for (int i = 0; i < 100 && b.network->run() == 0; ++i)
        pipes.pump();
    EXPECT_EQ(there().heard, here.to_say);
}

TEST_F(SecureRoundTest, TheEndComesAfterWhatIsLeftForTheNextRounds) {
    fill(300'000);
    here.stream->close();
    go_on();
    EXPECT_EQ(there().heard, here.to_say);
    EXPECT_EQ(there().end, CloseReason::finished);
}

TEST_F(SecureRoundTest, WhatIsSaidWhenThereIsRoomAgainGoesOutInTheSameRound) {
    pipes.window = 5000;
    shake();
    here.to_say = random_bytes(record_size + 100, random);
    here.talk();
    EXPECT_EQ(here.said, record_size);
    pipes.connector().window = 100'000;
    a.network->run();
    EXPECT_EQ(here.said, here.to_say.size());
    while (pipes.acceptor().pump()) {}
    EXPECT_EQ(there().heard, here.to_say) << "part of it waits for another reason to run";
}

TEST_F(SecureRoundTest, RoomIsToldOfOnceInARound) {
    pipes.window = 5000;
    shake();
    here.room_told = 0;
    here.to_say = random_bytes(200'000, random);
    here.talk();
    pipes.connector().window = 20'000;
    a.network->run();
    EXPECT_EQ(here.room_told, 1);
    EXPECT_LT(here.said, here.to_say.size());
    pipes.connector().window = 60'000;
    pipes.connector().pump();
    EXPECT_EQ(here.room_told, 1);
    a.network->run();
    EXPECT_EQ(here.room_told, 2) << "and again in the next";
    go_on();
    EXPECT_EQ(there().heard, here.to_say);
}

/// An acceptor with the right key that says more than it should, and too early.
struct Hasty final : net::Listener, net::StreamHandler {
    const Identity& identity;
    Tls tls;
    net::ByteStream* stream = nullptr;
    bool was_hasty = false;

    explicit Hasty(const Identity& who) : identity(who) {}
    net::StreamHandler* accepted(net::ByteStream& below) override {
        stream = &below;
        tls.begin(Tls::Role::acceptor, identity, std::array<std::byte, seed_size>{});
        return this;
    }
    std::size_t received(std::span<const std::byte> bytes) override {
        for (std::size_t at = 0; at < bytes.size();) {
            const std::span<std::byte> room = tls.transport_in();
            const std::size_t n = std::min(room.size(), bytes.size() - at);
            if (n == 0)
                break;
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, room.begin());
            tls.took_in(n);
            at += n;
            if (!tls.transport_out().empty() && !was_hasty)
                say_too_much();
        }
        return bytes.size();
    }
    void say_too_much() {
        was_hasty = true;
        while (!tls.transport_out().empty())
            tls.took_out(stream->send(tls.transport_out()));
        // ChangeCipherSpec, before the connector's; then what nobody can have sealed.
        stream->send(
            std::to_array({std::byte{20}, std::byte{3}, std::byte{3}, std::byte{0}, std::byte{1}, std::byte{1}}));
        ByteVector forged(5 + 40);
        std::ranges::copy(std::to_array({std::byte{22}, std::byte{3}, std::byte{3}, std::byte{0}, std::byte{40}}),
                          forged.begin());
        stream->send(forged);
    }
    void closed(CloseReason) override { stream = nullptr; }
};

TEST_F(SecureRoundTest, WhatWaitedForOurOwnWordsIsReadOnceTheyAreOut) {
    Hasty hasty(b.identity);
    pipes.listener = &hasty;
    connect(a, here);
    pipes.connector().window = 50; // its second flight does not go out at once
    go_on();
    EXPECT_TRUE(hasty.was_hasty);
    EXPECT_EQ(here.end, CloseReason::forged) << "it is still there, and nobody reads what has arrived";
}

} // namespace
} // namespace transom::secure

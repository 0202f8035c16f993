// SPDX-License-Identifier: Apache-2.0
#include "secure_fixture.hpp"

#include <algorithm>
#include <cstring>

namespace transom::secure {
namespace {

bool contains(const ByteVector& all, std::span<const std::byte> part) {
    return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end();
}

TEST_F(SecureTest, BothEndsAreToldWhenBothHaveProvedTheirKeys) {
    listen(b);
    connect(a, here);
    EXPECT_EQ(here.stream->send(ByteVector(10)), 0u) << "nothing is accepted before that";
    EXPECT_EQ(here.stream->send_space(), 0u);
    for (int i = 0; i < 100 && host.talkers.empty(); ++i) {
        EXPECT_FALSE(here.is_connected) << "the acceptor is through with it first";
        round();
    }
    ASSERT_EQ(host.talkers.size(), 1u);
    go_on();
    EXPECT_TRUE(here.is_connected);
    EXPECT_EQ(there().stream->peer(), net::Ipv4Address{0x0a4d0001});
    EXPECT_EQ(here.stream->peer_key(), net::PeerKey{1}) << "the first key that is pinned there";
    EXPECT_EQ(fake.log_.size(), 0u);
}

TEST_F(SecureTest, CarriesDataBothWaysInPiecesOfAnySize) {
    shake();
    here.to_say = random_bytes(300'000, random);
    there().to_say = random_bytes(200'000, random);
    for (int i = 0; i < 100'000 && (here.said < here.to_say.size() || there().said < there().to_say.size()); ++i) {
        here.talk(random() % 3 == 0 ? random() % 40'000 : random() % 50);
        there().talk(random() % 3 == 0 ? random() % 40'000 : random() % 50);
        for (const auto& end : pipes.ends)
            end->window = 1 + random() % 50'000;
        round();
    }
    go_on();
    EXPECT_EQ(there().heard, here.to_say);
    EXPECT_EQ(here.heard, there().to_say);
}

TEST_F(SecureTest, J8_NothingOfWhatIsSaidIsOnTheWire) {
    shake();
    const std::string pattern = "a pattern that is easily found, and lies in a partition's memory";
    const auto bytes = std::as_bytes(std::span(pattern));
    for (int i = 0; i < 1000; ++i) {
        here.to_say.insert(here.to_say.end(), bytes.begin(), bytes.end());
        there().to_say.insert(there().to_say.end(), bytes.begin(), bytes.end());
    }
    here.talk();
    there().talk();
    go_on();
    ASSERT_EQ(there().heard, here.to_say);
    EXPECT_TRUE(contains(there().heard, bytes)) << "the search finds it where it is";
    const auto some = bytes.first(8);
    EXPECT_FALSE(contains(pipes.acceptor().history, some));
    EXPECT_FALSE(contains(pipes.connector().history, some));
    EXPECT_GT(pipes.acceptor().history.size(), here.to_say.size());
    EXPECT_LT(pipes.acceptor().history.size(), here.to_say.size() + here.to_say.size() / 500 + 2000)
        << "records are whole ones";
}

TEST_F(SecureTest, AcceptsAsMuchAsTheConnectionBelowDoes) {
    pipes.window = 200'000;
    shake();
    EXPECT_EQ(here.stream->send(ByteVector(70'000)), 70'000u);
    go_on();
    EXPECT_EQ(there().heard.size(), 70'000u);
    const std::size_t space = here.stream->send_space();
    EXPECT_GE(space, 150'000u);
    EXPECT_GE(here.stream->send(ByteVector(space)), space);
}

TEST_F(SecureTest, ManySmallPiecesOfOneRoundAreOneRecord) {
    shake();
    const std::size_t before = pipes.acceptor().history.size();
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(here.stream->send(ByteVector(10)), 10u);
    go_on();
    EXPECT_EQ(pipes.acceptor().history.size() - before, 1000 + record_overhead);
    EXPECT_EQ(there().heard.size(), 1000u);
}

TEST_F(SecureTest, HoldsThePeerBackWhileTheHandlerHasNoRoom) {
    pipes.window = 40'000;
    shake();
    there().appetite = 1000;
    here.to_say = random_bytes(400'000, random);
    here.talk();
    go_on();
    EXPECT_EQ(there().heard.size(), 1000u);
    EXPECT_LT(here.said, 100'000u);
    const std::size_t said = here.said;
    go_on();
    EXPECT_EQ(here.said, said);
    for (int i = 0; i < 1000 && there().heard.size() < here.to_say.size(); ++i) {
        there().appetite = 1 + random() % 5000;
        there().stream->resume_receive();
        go_on();
        here.talk();
    }
    EXPECT_EQ(there().heard, here.to_say);
}

TEST_F(SecureTest, WhatIsHeldIsOfferedAgainBeforeTheEnd) {
    shake();
    there().appetite = 10;
    here.to_say = random_bytes(50, random);
    here.talk();
    here.stream->close();
    go_on();
    EXPECT_FALSE(there().finished);
    EXPECT_FALSE(there().end);
    there().appetite = 100;
    there().stream->resume_receive();
    EXPECT_EQ(there().heard.size(), 10u) << "not from inside the call";
    go_on();
    EXPECT_EQ(there().heard, here.to_say);
    EXPECT_TRUE(there().finished);
    EXPECT_EQ(there().end, CloseReason::finished);
}

TEST_F(SecureTest, CloseSendsWhatWasAcceptedThoughTheConnectionIsFull) {
    pipes.window = 5000;
    shake();
    there().appetite = 0;
    here.to_say = random_bytes(60'000, random);
    here.talk();
    const std::size_t said = here.said;
    ASSERT_GT(said, 5000u);
    here.stream->close();
    go_on();
    EXPECT_FALSE(there().end);
    there().appetite = ~std::size_t{0};
    there().stream->resume_receive();
    go_on();
    EXPECT_EQ(there().end, CloseReason::finished);
    EXPECT_EQ(there().heard, ByteVector(here.to_say.begin(), here.to_say.begin() + static_cast<std::ptrdiff_t>(said)));
    EXPECT_EQ(places_in_use(a), 0u);
    EXPECT_EQ(places_in_use(b), 0u);
}

TEST_F(SecureTest, AnEndThatTheOtherDoesNotReadIsCutAfterAWhile) {
    pipes.window = 5000;
    shake();
    there().appetite = 0;
    here.to_say = random_bytes(60'000, random);
    here.talk();
    go_on();
    EXPECT_GT(here.said, record_size);
    here.stream->close();
    go_on();
    EXPECT_EQ(pipes.acceptor().inbound.size(), 5000u);
    EXPECT_EQ(places_in_use(a), 1u);
    fake.advance(handshake_limit_s * test_frequency);
    go_on();
    EXPECT_EQ(places_in_use(a), 0u);
    EXPECT_EQ(there().end, CloseReason::reset);
}

TEST_F(SecureTest, AnEndThatNobodyHasSealedIsAReset) {
    shake();
    here.to_say = random_bytes(100, random);
    here.talk();
    go_on();
    pipes.connector().finish(); // as who cuts the connection could
    go_on();
    EXPECT_EQ(there().heard, here.to_say);
    EXPECT_FALSE(there().finished);
    EXPECT_EQ(there().end, CloseReason::reset);
}

TEST_F(SecureTest, WhoHasMoreToSayToOneThatHasClosedIsTold) {
    shake();
    there().has_more_to_say = true;
    here.stream->close();
    go_on();
    EXPECT_TRUE(there().finished);
    EXPECT_EQ(there().end, CloseReason::reset);
}

TEST_F(SecureTest, AbortIsAResetAtTheOtherEndAtEveryStage) {
    listen(b);
    for (int stage = 0; stage < 12; ++stage) {
        Talker caller;
        const std::size_t before = host.talkers.size();
        connect(a, caller);
        for (int i = 0; i < stage; ++i)
            round();
        caller.stream->abort();
        go_on();
        EXPECT_FALSE(caller.end) << "who ends it is not told";
        if (host.talkers.size() > before) {
            EXPECT_EQ(there().end, CloseReason::reset);
        }
        EXPECT_EQ(places_in_use(a), 0u);
        EXPECT_EQ(places_in_use(b), 0u);
    }
    EXPECT_GE(host.talkers.size(), 1u);
    EXPECT_LT(host.talkers.size(), 12u);
}

TEST_F(SecureTest, TheHandlerMayEndItFromInsideEachCall) {
    for (const bool in_order : {true, false}) {
        SCOPED_TRACE(in_order);
        Host ends;
        test::PipeNetwork wires;
        Machine c{wires, "link of c", 1, {2}};
        Machine d{wires, "link of d", 2, {1}};
        ASSERT_TRUE(d.network->listen(net::InterfaceId::link, test_port, ends));
        Talker caller;
        connect(c, caller);
        const auto run = [&] {
            for (int i = 0; i < 1000; ++i) {
                wires.pump();
                c.network->run();
                d.network->run();
            }
        };
        run();
        ASSERT_EQ(ends.talkers.size(), 1u);
        Talker& ender = ends.talkers.back();
        ender.on_received = [&] {
            if (in_order)
                ender.stream->close();
            else
                ender.stream->abort();
            ender.on_received = [] { ADD_FAILURE() << "called after the end"; };
        };
        caller.to_say = random_bytes(100'000, random);
        caller.talk();
        run();
        EXPECT_FALSE(ender.end);
        EXPECT_EQ(caller.end, in_order ? CloseReason::finished : CloseReason::reset);
    }
}

TEST_F(SecureTest, WhoIsNotWantedByTheListenerSeesAReset) {
    host.refuses = true;
    listen(b);
    connect(a, here);
    go_on();
    EXPECT_EQ(here.end, CloseReason::reset);
    EXPECT_EQ(places_in_use(b), 0u);
}

TEST_F(SecureTest, WhatTheConnectionBelowSaysOfConnectingIsHandedOn) {
    connect(a, here); // nobody listens
    go_on();
    EXPECT_EQ(here.end, CloseReason::refused);
    Talker nowhere;
    EXPECT_EQ(a.network->connect({0}, test_port, nowhere).error(), net::StreamError::no_route);
    EXPECT_EQ(places_in_use(a), 0u);
}

TEST_F(SecureTest, ConnectionsBeyondThePlacesAreRefused) {
    listen(b);
    std::deque<Talker> callers;
    for (std::size_t i = 0; i < a.places.size(); ++i)
        connect(a, callers.emplace_back());
    Talker more;
    EXPECT_EQ(a.network->connect(other_machine, test_port, more).error(), net::StreamError::too_many);
    go_on();
    EXPECT_LE(host.talkers.size(), b.places.size());
    EXPECT_GE(host.talkers.size(), max_half_open);
}

} // namespace
} // namespace transom::secure

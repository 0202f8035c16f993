// SPDX-License-Identifier: Apache-2.0
#include "secure_refusal_fixture.hpp"

#include <algorithm>

namespace transom::secure {
namespace {

using testing::HasSubstr;

constexpr std::array<std::byte, 2> our_suite{std::byte{0xcc}, std::byte{0xa9}};

TEST_F(SecureRefusalTest, J8_WhoIsNotPinnedAtTheListener) {
    Machine c{pipes, "link of c", 9, {2}};
    listen(b);
    connect(c, here);
    go_on();
    expect_refused(here, CloseReason::unknown_here);
    EXPECT_THAT(log_of(b),
                HasSubstr("link of b: 10.77.0.1 is nobody that this machine knows: its key is not pinned here"));
    EXPECT_THAT(log_of(c), HasSubstr("does not know this machine: the key of this machine is not pinned there"));
}

TEST_F(SecureRefusalTest, AListenerThatTheCallerHasNotPinned) {
    Machine c{pipes, "link of c", 1, {3, 4}};
    listen(b);
    connect(c, here);
    go_on();
    expect_refused(here, CloseReason::unknown_peer);
    EXPECT_THAT(log_of(c), HasSubstr("is nobody that this machine knows: its key is not pinned here"));
    EXPECT_THAT(log_of(b), HasSubstr("does not know this machine: the key of this machine is not pinned there"));
}

TEST_F(SecureRefusalTest, AMachineWithoutKeysHasNoConnections) {
    for (const bool own : {false, true}) {
        Identity identity;
        if (own) {
            ASSERT_TRUE(identity.set_own(test_key(1)));
        }
        SecureNetwork network(pipes, {"link"}, identity, a.entropy, a.places, test_frequency);
        EXPECT_EQ(network.listen(net::InterfaceId::link, test_port, host).error(), net::StreamError::no_keys);
        EXPECT_EQ(network.connect(other_machine, test_port, here).error(), net::StreamError::no_keys);
    }
    EXPECT_EQ(pipes.listener, nullptr);
}

TEST_F(SecureRefusalTest, AMachineWithoutRandomNumbersHasNoConnections) {
    Entropy none;
    EXPECT_FALSE(none.usable());
    EXPECT_TRUE(b.entropy.usable());
    SecureNetwork deaf(pipes, {"link"}, b.identity, none, b.places, test_frequency);
    EXPECT_EQ(deaf.connect(other_machine, test_port, here).error(), net::StreamError::no_entropy);
    ASSERT_TRUE(deaf.listen(net::InterfaceId::link, test_port, host));
    connect(a, here);
    go_on();
    EXPECT_EQ(here.end, CloseReason::refused);
    EXPECT_THAT(log(), HasSubstr("this machine has no random numbers to make keys of"));
}

/// Another TLS client that has no key to show.
TEST_F(SecureRefusalTest, AClientWithoutAKey) {
    struct Plain {
        br_ssl_client_context context;
        std::array<unsigned char, BR_SSL_BUFSIZE_BIDI> buffer;
    };
    const auto plain = std::make_unique<Plain>();
    br_ssl_client_context& context = plain->context;
    const std::array<std::uint16_t, 1> suites{BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256};
    PinnedKeys pinned;
    pinned.begin(a.identity.peers());
    br_ssl_client_zero(&context);
    br_ssl_engine_set_versions(&context.eng, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(&context.eng, suites.data(), suites.size());
    br_ssl_engine_set_ec(&context.eng, &br_ec_all_m31);
    br_ssl_engine_set_ecdsa(&context.eng, &br_ecdsa_i31_vrfy_asn1);
    br_ssl_engine_set_hash(&context.eng, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_prf_sha256(&context.eng, &br_tls12_sha256_prf);
    br_ssl_engine_set_chapol(&context.eng, &br_sslrec_in_chapol_vtable, &br_sslrec_out_chapol_vtable);
    br_ssl_engine_set_chacha20(&context.eng, &br_chacha20_ct_run);
    br_ssl_engine_set_poly1305(&context.eng, &br_poly1305_ctmulq_run);
    br_ssl_engine_set_x509(&context.eng, pinned.engine());
    br_ssl_engine_set_buffer(&context.eng, plain->buffer.data(), plain->buffer.size(), 1);
    br_ssl_engine_inject_entropy(&context.eng, "0123456789abcdef0123456789abcdef", 32);
    br_ssl_client_reset(&context, nullptr, 0);
    listen(b);
    net::ByteStream& stream = stranger(here);
    for (int i = 0; i < 100 && here.stream != nullptr; ++i) {
        std::size_t length = 0;
        while (const unsigned char* out = br_ssl_engine_sendrec_buf(&context.eng, &length)) {
            stream.send(std::as_bytes(std::span(out, length)));
            br_ssl_engine_sendrec_ack(&context.eng, length);
        }
        go_on();
        while (!here.heard.empty()) {
            unsigned char* const in = br_ssl_engine_recvrec_buf(&context.eng, &length);
            if (in == nullptr)
                break;
            const std::size_t n = std::min(length, here.heard.size());
            std::memcpy(in, here.heard.data(), n);
            here.heard.erase(here.heard.begin(), here.heard.begin() + static_cast<std::ptrdiff_t>(n));
            br_ssl_engine_recvrec_ack(&context.eng, n);
        }
    }
    EXPECT_TRUE(host.talkers.empty());
    EXPECT_GE(br_ssl_engine_last_error(&context.eng), BR_ERR_RECV_FATAL_ALERT) << "the server has said why";
    EXPECT_THAT(log(), HasSubstr("it shows no key"));
    EXPECT_EQ(places_in_use(b), 0u);
}

TEST_F(SecureRefusalTest, AFlippedBitInTheData) {
    for (const bool towards_acceptor : {true, false}) {
        SCOPED_TRACE(towards_acceptor);
        fake.log_.clear();
        fake.advance(test_frequency);
        listen(b);
        Talker caller;
        connect(a, caller);
        go_on();
        ASSERT_FALSE(host.talkers.empty());
        Talker& speaker = towards_acceptor ? caller : there();
        Talker& hearer = towards_acceptor ? there() : caller;
        test::PipeEnd& end = **(pipes.ends.end() - (towards_acceptor ? 1 : 2));
        end.flip_at = end.delivered + 30'000;
        speaker.to_say = random_bytes(50'000, random);
        speaker.talk();
        go_on();
        EXPECT_EQ(hearer.end, CloseReason::forged);
        EXPECT_EQ(hearer.heard.size(), record_size) << "what came before it";
        EXPECT_EQ(speaker.end, CloseReason::forged);
        EXPECT_THAT(log_of(towards_acceptor ? b : a),
                    HasSubstr("has not sent what has arrived from it: damaged or forged on the way"));
        EXPECT_THAT(log_of(towards_acceptor ? a : b),
                    HasSubstr("has received what this machine has not sent: damaged or forged on the way"));
    }
}

TEST_F(SecureRefusalTest, AFlippedBitAnywhereInTheHandshake) {
    const ByteVector forth = recorded_hello(), back = pipes.connector().history;
    here.stream->abort();
    go_on();
    host.talkers.clear();
    for (const bool towards_acceptor : {true, false}) {
        const std::size_t length = towards_acceptor ? forth.size() : back.size();
        for (std::size_t at = 0; at < length; at += 3) {
            SCOPED_TRACE(testing::Message() << towards_acceptor << " " << at);
            fake.log_.clear();
            Talker caller;
            connect(a, caller);
            test::PipeEnd& end = **(pipes.ends.end() - (towards_acceptor ? 1 : 2));
            end.flip_at = at;
            go_on();
            if (end.delivered <= at) { // signatures are not all of one length: this one came to its end before
                caller.stream->abort();
                go_on();
                host.talkers.clear();
                continue;
            }
            fake.advance((handshake_limit_s + 1) * test_frequency); // a length may have been made longer
            go_on();
            // The acceptor has told its listener when the last bytes, of its Finished, are on their way.
            EXPECT_FALSE(caller.is_connected);
            EXPECT_TRUE(caller.end);
            EXPECT_THAT(log_of(b), HasSubstr("link of b: 10.77.0.1 ")) << "it says nothing of a";
            EXPECT_THAT(log_of(a), HasSubstr("link of a: 10.77.0.2 ")) << "it says nothing of b";
            for (const Talker& talker : host.talkers)
                EXPECT_TRUE(talker.end && talker.heard.empty());
            host.talkers.clear();
        }
    }
    EXPECT_EQ(places_in_use(a), 0u);
    EXPECT_EQ(places_in_use(b), 0u);
}

TEST_F(SecureRefusalTest, ACutAnywhereInTheHandshake) {
    const ByteVector forth = recorded_hello();
    here.stream->abort();
    go_on();
    host.talkers.clear();
    for (std::size_t length = 0; length < forth.size(); length += 7) {
        Talker caller;
        net::ByteStream& stream = stranger(caller);
        stream.send(std::span(forth).first(length));
        go_on();
        stream.close();
        go_on();
        EXPECT_TRUE(host.talkers.empty());
    }
    EXPECT_EQ(places_in_use(b), 0u);
    EXPECT_THAT(log(), HasSubstr("hung up before it had shown who it is"));
}

TEST_F(SecureRefusalTest, ARecordedStreamPlayedAgain) {
    shake();
    here.to_say = random_bytes(1000, random);
    here.talk();
    go_on();
    ASSERT_EQ(there().heard, here.to_say);
    const ByteVector recorded = pipes.acceptor().history;
    here.stream->close();
    go_on();
    host.talkers.clear();
    Talker caller;
    stranger(caller).send(recorded);
    go_on();
    EXPECT_TRUE(host.talkers.empty()) << "the replay has reached the listener";
    EXPECT_TRUE(caller.end);
    EXPECT_EQ(places_in_use(b), 0u);
    EXPECT_THAT(log_of(b), HasSubstr("shows a key that it does not have"));
    // Who plays it is no Transom and has no log: he is told by an alert of TLS, the last thing that he hears.
    ASSERT_GE(caller.heard.size(), 7u);
    EXPECT_EQ(*(caller.heard.end() - 7), std::byte{21}) << "an alert";
    EXPECT_EQ(*(caller.heard.end() - 2), std::byte{2}) << "a fatal one";
}

TEST_F(SecureRefusalTest, RecordsOfTheSameConnectionPlayedAgainOrLeftOut) {
    for (const bool again : {true, false}) {
        listen(b);
        Talker caller;
        connect(a, caller);
        go_on();
        test::PipeEnd& end = *pipes.ends.back();
        caller.to_say = random_bytes(100, random);
        caller.talk();
        a.network->run();
        const ByteVector record = end.inbound;
        if (again) {
            go_on();
            EXPECT_EQ(there().heard.size(), 100u);
            caller.stream->send({}); // nothing
            end.inbound = record;
        } else {
            end.inbound.clear();
            caller.said = 0;
            caller.talk();
            a.network->run();
        }
        end.offer = true;
        go_on();
        EXPECT_EQ(there().end, CloseReason::forged);
        EXPECT_EQ(there().heard.size(), again ? 100u : 0u);
        // Both ends are Transoms here, and the replay comes from between them.
        EXPECT_THAT(log_of(b), HasSubstr("has not sent what has arrived from it: damaged or forged on the way"));
        EXPECT_THAT(log_of(a), HasSubstr("has received what this machine has not sent: damaged or forged on the way"));
        fake.log_.clear();
        fake.advance(test_frequency);
    }
}

TEST_F(SecureRefusalTest, AnOlderVersionOrAnotherSuiteOfTheCallers) {
    const ByteVector forth = recorded_hello();
    here.stream->abort();
    go_on();
    host.talkers.clear();
    // RFC 5246 7.4.1.2: record header 5, message header 4, then the version; the suites after 32 random bytes and a session.
    constexpr std::size_t version = 9;
    const auto suite = std::search(forth.begin(), forth.end(), our_suite.begin(), our_suite.end());
    ASSERT_NE(suite, forth.end());
    const auto offer = [&](std::size_t at, std::uint16_t value) {
        fake.log_.clear();
        fake.advance(test_frequency);
        ByteVector hello = forth;
        hello[at] = static_cast<std::byte>(value >> 8);
        hello[at + 1] = static_cast<std::byte>(value);
        Talker caller;
        stranger(caller).send(hello);
        go_on();
        EXPECT_TRUE(host.talkers.empty());
        EXPECT_TRUE(caller.end);
        ASSERT_GE(caller.heard.size(), 7u);
        EXPECT_EQ(caller.heard[0], std::byte{21}) << "an alert";
        EXPECT_EQ(caller.heard[5], std::byte{2}) << "a fatal one";
    };
    for (const std::uint16_t older : std::to_array<std::uint16_t>({0x0300, 0x0301, 0x0302})) {
        offer(version, older);
        EXPECT_THAT(log(), HasSubstr("offers an older version than TLS 1.2"));
    }
    // ECDHE-ECDSA-AES128-GCM, RSA-AES128-GCM, RSA-NULL, ECDHE-RSA-CHACHA20.
    for (const std::uint16_t other : std::to_array<std::uint16_t>({0xc02b, 0x009c, 0x003b, 0xcca8})) {
        offer(static_cast<std::size_t>(suite - forth.begin()), other);
        EXPECT_THAT(log(), HasSubstr("does not offer ECDHE-ECDSA-CHACHA20-POLY1305"));
    }
}

TEST_F(SecureRefusalTest, AnOlderVersionOrAnotherSuiteOfTheListeners) {
    shake();
    const ByteVector back = pipes.connector().history;
    here.stream->abort();
    go_on();
    const auto suite = std::search(back.begin(), back.end(), our_suite.begin(), our_suite.end());
    ASSERT_NE(suite, back.end());
    Echo echo;
    pipes.listener = &echo;
    const auto answer = [&](std::size_t at, std::uint16_t value) {
        echo.answer = back;
        echo.answer[at] = static_cast<std::byte>(value >> 8);
        echo.answer[at + 1] = static_cast<std::byte>(value);
        Talker caller;
        connect(a, caller);
        go_on();
        EXPECT_FALSE(caller.is_connected);
        EXPECT_EQ(caller.end, CloseReason::insecure);
    };
    // Who answers is no Transom: only the caller has a log.
    for (const std::uint16_t older : std::to_array<std::uint16_t>({0x0300, 0x0301, 0x0302})) {
        answer(9, older);
        EXPECT_THAT(log_of(a), HasSubstr("does not speak TLS 1.2"));
        fake.log_.clear();
        fake.advance(test_frequency);
    }
    answer(static_cast<std::size_t>(suite - back.begin()), 0xc02b);
    EXPECT_THAT(log_of(a), HasSubstr("wants another suite than ECDHE-ECDSA-CHACHA20-POLY1305"));
}

// Somebody between two Transoms makes the offer of one a lower one: the other refuses, and both say so.
TEST_F(SecureRefusalTest, J8_ADowngradeOnTheWay) {
    const ByteVector forth = recorded_hello();
    here.stream->abort();
    go_on();
    const auto suite = std::search(forth.begin(), forth.end(), our_suite.begin(), our_suite.end());
    ASSERT_NE(suite, forth.end());
    const std::size_t version = 10, suites = static_cast<std::size_t>(suite - forth.begin()) + 1;
    for (const std::size_t at : {version, suites}) { // a bit flips: TLS 1.1, and ECDHE-RSA-CHACHA20
        SCOPED_TRACE(at);
        host.talkers.clear();
        fake.log_.clear();
        fake.advance(test_frequency);
        Talker caller;
        connect(a, caller);
        pipes.ends.back()->flip_at = at;
        go_on();
        EXPECT_TRUE(host.talkers.empty()) << "it has reached the listener";
        EXPECT_FALSE(caller.is_connected);
        EXPECT_EQ(caller.end, CloseReason::insecure);
        EXPECT_THAT(log_of(b), HasSubstr(at == version ? "offers an older version than TLS 1.2"
                                                       : "does not offer ECDHE-ECDSA-CHACHA20-POLY1305"));
        // The older version's refusal comes in a record of that version.
        EXPECT_THAT(log_of(a), HasSubstr(at == version ? "does not speak TLS 1.2"
                                                       : "refuses TLS 1.2 with ECDHE-ECDSA-CHACHA20-POLY1305"));
    }
}

} // namespace
} // namespace transom::secure

// SPDX-License-Identifier: Apache-2.0
#include "tcp_sides.hpp"
#include <lwip/priv/tcp_priv.h>

namespace transom::net {
namespace {

TEST(TcpStream, CarriesBytesBothWaysInOrder) {
    run(
        [](Side& side) {
            const auto data = noise(5'000'000);
            Sink sink;
            ByteStream* stream = side.stack.connect(address_of(2), 7, sink).value();
            REQUIRE(stream->send_space() == 0);
            side.poll_until([&] { return sink.is_connected; });
            std::size_t sent = 0;
            side.poll_until([&] {
                sent += stream->send({data.data() + sent, data.size() - sent});
                return sink.got.size() == data.size();
            });
            REQUIRE(sink.got == data);
            REQUIRE(sink.room > 0);
            REQUIRE(!sink.end);
            stream->close();
            side.linger();
        },
        [](Side& side) {
            Echo echo;
            REQUIRE(side.stack.listen(InterfaceId::link, 7, echo).has_value());
            side.poll_until([&] { return echo.end.has_value(); });
            REQUIRE(*echo.end == CloseReason::finished);
            side.linger();
        });
}

/// Says nothing before the peer has finished.
struct LastWord final : StreamHandler, Listener {
    StreamHandler* accepted(ByteStream& s) override {
        stream = &s;
        return this;
    }
    std::size_t received(std::span<const std::byte> bytes) override {
        got += bytes.size();
        return bytes.size();
    }
    bool peer_finished() override {
        ++finished;
        return true;
    }
    void closed(CloseReason reason) override { end = reason; }

    ByteStream* stream = nullptr;
    std::size_t got = 0;
    unsigned finished = 0;
    std::optional<CloseReason> end;
};

TEST(TcpStream, AnAnswerMayComeAfterTheLastQuestion) {
    run(
        [](Side& side) {
            Sink sink;
            ByteStream* stream = side.stack.connect(address_of(2), 7, sink).value();
            side.poll_until([&] { return sink.is_connected; });
            REQUIRE(stream->send(noise(1000)) == 1000);
            REQUIRE(tcp_shutdown(tcp_active_pcbs, 0, 1) == ERR_OK);
            side.poll_until([&] { return sink.end.has_value(); });
            REQUIRE(*sink.end == CloseReason::finished);
            REQUIRE(sink.got == noise(3'000'000));
        },
        [](Side& side) {
            LastWord word;
            REQUIRE(side.stack.listen(InterfaceId::link, 7, word).has_value());
            side.poll_until([&] { return word.finished != 0; });
            REQUIRE(word.got == 1000);
            const auto data = noise(3'000'000);
            std::size_t sent = 0;
            side.poll_until([&] {
                sent += word.stream->send({data.data() + sent, data.size() - sent});
                return sent == data.size();
            });
            REQUIRE(!word.end && word.finished == 1);
            word.stream->close();
            side.linger(2s);
        });
}

TEST(TcpStream, WhatIsNotConsumedHoldsThePeerBack) {
    run(
        [](Side& side) {
            const auto data = noise(6'000'000);
            Sink sink;
            ByteStream* stream = side.stack.connect(address_of(2), 7, sink).value();
            side.poll_until([&] { return sink.is_connected; });
            std::size_t sent = 0;
            for (const auto end = std::chrono::steady_clock::now() + 1s; std::chrono::steady_clock::now() < end;) {
                sent += stream->send({data.data() + sent, data.size() - sent});
                side.poll();
            }
            REQUIRE(sent < data.size()); // window and send buffer are full
            REQUIRE(sent > 240'000);
            side.poll_until([&] {
                sent += stream->send({data.data() + sent, data.size() - sent});
                return sent == data.size();
            });
            stream->close();
            side.linger(1s);
        },
        [](Side& side) {
            Sink sink;
            sink.appetite = 0;
            REQUIRE(side.stack.listen(InterfaceId::link, 7, sink).has_value());
            for (const auto end = std::chrono::steady_clock::now() + 1500ms; std::chrono::steady_clock::now() < end;)
                side.poll();
            REQUIRE(sink.got.empty());
            sink.appetite = 10000; // now in small bites
            side.poll_until([&] {
                if (sink.stream != nullptr && !sink.end)
                    sink.stream->resume_receive();
                return sink.end.has_value();
            });
            REQUIRE(*sink.end == CloseReason::finished);
            REQUIRE(sink.got == noise(6'000'000));
        });
}

/// Closes what is said something by, but for the first, who is known.
struct Doorkeeper final : StreamHandler, Listener {
    StreamHandler* accepted(ByteStream& s) override {
        stream = &s;
        if (known == nullptr) {
            known = &s;
            s.admit();
            return &visitor;
        }
        return this;
    }
    std::size_t received(std::span<const std::byte> bytes) override {
        ++turned_away;
        stream->send(noise(7));
        stream->close();
        return bytes.size();
    }
    void closed(CloseReason) override {}

    Echo visitor;
    ByteStream *stream = nullptr, *known = nullptr;
    unsigned turned_away = 0;
};

/// lwIP keeps what has been closed at our end alone for 20 s.
TEST(TcpStream, WhoIsClosedAndHoldsOnKeepsNobodyOut) {
    constexpr unsigned callers = MEMP_NUM_TCP_PCB + 20;
    run(
        [](Side& side) {
            Sink known;
            ByteStream* const friendly = side.stack.connect(address_of(2), 7, known).value();
            side.poll_until([&] { return known.is_connected; });
            const auto began = std::chrono::steady_clock::now();
            for (unsigned i = 0; i < callers; ++i) {
                LastWord stranger; // is told that it is over, and does not end it
                ByteStream* const stream = side.stack.connect(address_of(2), 7, stranger).value();
                side.poll_until([&] { return stream->send(noise(1)) == 1; });
                side.poll_until([&] { return stranger.finished != 0; });
                REQUIRE(stranger.got == 7);
                side.linger(2ms);
                tcp_abandon(tcp_active_pcbs, 0); // without a word
                side.poll_until([&] { return stranger.end.has_value(); });
            }
            REQUIRE(std::chrono::steady_clock::now() - began < 15s);
            friendly->send(noise(100));
            side.poll_until([&] { return known.got == noise(100); });
            friendly->close();
            side.linger();
        },
        [](Side& side) {
            Doorkeeper keeper;
            REQUIRE(side.stack.listen(InterfaceId::link, 7, keeper).has_value());
            keeper.visitor.stream = nullptr;
            side.poll_until([&] {
                if (keeper.known != nullptr)
                    keeper.visitor.stream = keeper.known;
                return keeper.visitor.end.has_value();
            });
            REQUIRE(*keeper.visitor.end == CloseReason::finished);
            REQUIRE(keeper.turned_away == callers);
            side.linger();
        });
}

} // namespace
} // namespace transom::net

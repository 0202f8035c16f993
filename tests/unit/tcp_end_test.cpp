// SPDX-License-Identifier: Apache-2.0
#include "tcp_sides.hpp"

// The ways in which a stream ends, or never begins.

namespace transom::net {
namespace {

TEST(TcpStream, APortWhereNobodyListensRefuses) {
    run(
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.connect(address_of(2), 7, sink).has_value());
            side.poll_until([&] { return sink.end.has_value(); });
            REQUIRE(*sink.end == CloseReason::refused && !sink.is_connected);
        },
        [](Side& side) { side.linger(1s); });
}

TEST(TcpStream, AListenerMayRefuse) {
    run(
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.connect(address_of(2), 7, sink).has_value());
            side.poll_until([&] { return sink.end.has_value(); });
            REQUIRE(*sink.end == CloseReason::reset);
        },
        [](Side& side) {
            Sink sink;
            sink.refuse = true;
            REQUIRE(side.stack.listen(InterfaceId::link, 7, sink).has_value());
            side.poll_until([&] { return sink.stream != nullptr; });
            side.linger();
            REQUIRE(!sink.end);
        });
}

TEST(TcpStream, AbortIsAResetAtThePeer) {
    run(
        [](Side& side) {
            Sink sink;
            ByteStream* stream = side.stack.connect(address_of(2), 7, sink).value();
            side.poll_until([&] { return sink.is_connected; });
            stream->send(noise(100));
            side.linger();
            stream->abort();
            side.linger();
            REQUIRE(!sink.end);
        },
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.listen(InterfaceId::link, 7, sink).has_value());
            side.poll_until([&] { return sink.end.has_value(); });
            REQUIRE(*sink.end == CloseReason::reset);
            REQUIRE(sink.got.size() == 100);
        });
}

TEST(TcpStream, APeerThatIsNotThereIsUnreachable) {
    run(
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.connect(address_of(9), 7, sink).has_value());
            side.poll_until([&] { return sink.end.has_value(); }, 100);
            REQUIRE(*sink.end == CloseReason::unreachable);
        },
        [](Side&) {});
}

TEST(TcpStream, APeerThatFallsSilentIsNoticed) {
    run(
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.connect(address_of(2), 7, sink).has_value());
            side.poll_until([&] { return sink.is_connected; });
            side.poll_until([&] { return sink.end.has_value(); }, 100);
            REQUIRE(*sink.end == CloseReason::unreachable);
        },
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.listen(InterfaceId::link, 7, sink).has_value());
            side.poll_until([&] { return sink.stream != nullptr; });
            side.linger(100ms);
        });
}

TEST(TcpStream, ErrorsAreValues) {
    run(
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.connect({0x0b000001}, 7, sink).error() == StreamError::no_route);
            REQUIRE(side.stack.listen(InterfaceId::management, 7, sink).error() == StreamError::no_interface);
            REQUIRE(side.stack.listen(InterfaceId::link, 7, sink).has_value());
            REQUIRE(side.stack.listen(InterfaceId::link, 7, sink).error() == StreamError::address_in_use);
            for (std::size_t i = 0; i < Stack::link_streams; ++i)
                REQUIRE(side.stack.connect(address_of(9), 7, sink).has_value());
            REQUIRE(side.stack.connect(address_of(9), 7, sink).error() == StreamError::too_many);
        },
        [](Side&) {});
}

// A card that answers nonsense is switched off; the stack goes on and connections end by their timers.
TEST(TcpStream, ABrokenCardDoesNotBreakTheMachine) {
    run(
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.connect(address_of(2), 7, sink).has_value());
            side.model().set_used_index(0, 999);
            side.poll();
            REQUIRE(!side.stack.interface(InterfaceId::link).up());
            REQUIRE(side.model().status == 0);
            side.poll_until([&] { return sink.end.has_value(); }, 100);
        },
        [](Side&) {});
}

// So does QEMU's, when it finds nonsense in a ring: it does nothing from then on, and nobody else would say why.
TEST(TcpStream, ACardThatSaysThatItIsBrokenIsSwitchedOff) {
    run(
        [](Side& side) {
            Sink sink;
            REQUIRE(side.stack.connect(address_of(2), 7, sink).has_value());
            side.poll();
            side.model().status |= 0x40;
            side.poll_until([&] { return !side.stack.interface(InterfaceId::link).up(); }, 100);
            REQUIRE(side.model().status == 0);
            REQUIRE(side.log().back().ends_with(": the network card says that it is broken (DEVICE_NEEDS_RESET); it is "
                                                "switched off until the machine starts again"));
            side.poll_until([&] { return sink.end.has_value(); }, 100);
        },
        [](Side&) {});
}

} // namespace
} // namespace transom::net

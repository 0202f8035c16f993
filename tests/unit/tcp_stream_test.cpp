// SPDX-License-Identifier: Apache-2.0
// Two whole network stacks, each in a process of its own (lwIP has one state a process), joined by a socket as the wire:
// model card, driver, lwIP and streams together.
#include "model_virtio_net.hpp"
#include <chrono>
#include <deque>
#include <gtest/gtest.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <sys/wait.h>
#include <transom/net/clock.hpp>
#include <transom/net/network_task.hpp>
#include <transom/net/stack.hpp>
#include <unistd.h>

namespace transom::net {
namespace {

using namespace std::chrono_literals;

/// Ends the process of one side where it does not hold.
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                               \
            std::_Exit(1);                                                                                             \
        }                                                                                                              \
    } while (false)

TEST(NetworkClock, GoesByTheMachinesTimeBase) {
    arch::FakeMachine machine{mib(1)};
    machine.advance(10'240'000'000);
    EXPECT_EQ(sys_now(), 20'000u); // before the device tree has been read
    const std::uint64_t before = ticks_per_millisecond();
    set_timebase_frequency(1'024'000'000);
    EXPECT_EQ(sys_now(), 10'000u);
    EXPECT_EQ(ticks_per_millisecond(), 1'024'000u);
    set_timebase_frequency(1000 * before);
}

constexpr Ipv4Address address_of(unsigned side) { return {0x0a4d0000 + side}; }

/// One machine at the wire.
class Side {
  public:
    Side(unsigned number, int wire, pci::Messages* messages = nullptr) : wire_(wire) {
        model_.messages = messages;
        model_.mac[5] = static_cast<std::uint8_t>(number);
        model_.mtu = 65000;
        model_.on_send = [this](auto frame) { outgoing_.push_back(std::move(frame)); };
        std::byte* memory = arch::real_pointer(arch::fake_real_base);
        stack.init({memory, mib(8)}, {});
        pci::Devices found;
        pci::scan(model_.host_bridge(), found);
        const auto added = stack.add_card(found[0], {memory + mib(8), mib(8)});
        REQUIRE(added.has_value() && *added == InterfaceId::link);
        REQUIRE(stack.interface(InterfaceId::link).address() == address_of(number));
    }

    /// One round; the machine's clock follows the real one, times `speed`.
    unsigned poll(unsigned speed = 1) {
        const auto now = std::chrono::steady_clock::now();
        machine_.advance(static_cast<std::uint64_t>((now - last_) / 1ns) * 512 / 1000 * speed);
        last_ = now;
        pollfd ready{wire_, POLLIN, 0};
        ::poll(&ready, 1, idle_ ? 1 : 0);
        // Like a real card: what finds no buffer waits on the wire.
        static std::byte frame[70000];
        while (model_.pending(0)) {
            const ssize_t n = ::recv(wire_, frame, sizeof frame, MSG_DONTWAIT);
            if (n <= 0)
                break;
            model_.deliver({frame, static_cast<std::size_t>(n)});
        }
        const unsigned frames = stack.poll();
        model_.run_send();
        while (!outgoing_.empty() &&
               ::send(wire_, outgoing_.front().data(), outgoing_.front().size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            outgoing_.pop_front();
        idle_ = frames == 0;
        return frames;
    }
    template <class F> void poll_until(F done, unsigned speed = 1) {
        const auto deadline = std::chrono::steady_clock::now() + 40s;
        while (!done()) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            poll(speed);
        }
    }
    /// Goes on for a while, so that the other side gets its last answers.
    void linger(std::chrono::milliseconds time = 300ms) {
        for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;)
            poll();
    }

    ModelVirtioNet& model() { return model_; }

  private:
    arch::FakeMachine machine_{mib(32)};
    ModelVirtioNet model_;
    int wire_;
    std::deque<std::vector<std::byte>> outgoing_; // nothing is lost on the wire
    bool idle_ = false;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();

  public:
    Stack stack;
};

/// Runs both sides; 0 where both were content.
template <class A, class B> void run(A a, B b) {
    int wire[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, wire), 0);
    const int size = 4 << 20;
    for (const int end : wire)
        setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    const auto start = [&](unsigned number, auto& body) {
        const pid_t child = fork();
        if (child == 0) {
            {
                Side side(number, wire[number - 1]);
                body(side);
            }
            std::_Exit(0);
        }
        return child;
    };
    const pid_t children[] = {start(1, a), start(2, b)};
    for (const pid_t child : children) {
        int status = -1;
        waitpid(child, &status, 0);
        EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
        EXPECT_EQ(WEXITSTATUS(status), 0);
    }
    close(wire[0]);
    close(wire[1]);
}

/// Runs one side, in front of that host bridge's interrupts.
template <class A> void run_alone(pci::Messages* messages, A body) {
    int wire[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, wire), 0);
    const pid_t child = fork();
    if (child == 0) {
        {
            Side side(1, wire[0], messages);
            body(side);
        }
        std::_Exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(wire[0]);
    close(wire[1]);
}

/// Takes everything that comes, `appetite` bytes a time, and remembers the end.
struct Sink final : StreamHandler, Listener {
    StreamHandler* accepted(ByteStream& s) override {
        stream = &s;
        return refuse ? nullptr : this;
    }
    void connected() override { is_connected = true; }
    std::size_t received(std::span<const std::byte> bytes) override {
        const std::size_t n = std::min(bytes.size(), appetite);
        for (std::size_t i = 0; i < n; ++i)
            got.push_back(bytes[i]);
        return n;
    }
    void sent() override { ++room; }
    void closed(CloseReason reason) override { end = reason; }

    ByteStream* stream = nullptr;
    bool refuse = false;
    bool is_connected = false;
    std::size_t appetite = ~std::size_t{0};
    std::vector<std::byte> got;
    std::optional<CloseReason> end;
    unsigned room = 0;
};

/// Sends back what comes, and closes when the peer has finished.
struct Echo final : StreamHandler, Listener {
    StreamHandler* accepted(ByteStream& s) override {
        stream = &s;
        return this;
    }
    std::size_t received(std::span<const std::byte> bytes) override { return stream->send(bytes); }
    void sent() override { stream->resume_receive(); }
    void closed(CloseReason reason) override { end = reason; }

    ByteStream* stream = nullptr;
    std::optional<CloseReason> end;
};

std::vector<std::byte> noise(std::size_t size) {
    std::mt19937 random(7);
    std::vector<std::byte> bytes(size);
    for (std::byte& b : bytes)
        b = static_cast<std::byte>(random());
    return bytes;
}

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

const std::vector<std::byte> nobodys_frame(60, std::byte{0xff});

TEST(NetworkTask, WaitsForAnInterruptOnceNothingComes) {
    ModelMessages messages;
    run_alone(&messages, [](Side& side) {
        NetworkTask task(side.stack);
        REQUIRE(side.stack.can_interrupt());
        REQUIRE(task.run() == 0); // from now on the card interrupts: once more
        REQUIRE(task.run() > ticks_per_millisecond() * 100);
        REQUIRE(side.model().deliver(nobodys_frame));
        REQUIRE(side.model().interrupts == 1);
        REQUIRE(task.run() == 0);
        REQUIRE(side.model().deliver(nobodys_frame));
        REQUIRE(side.model().interrupts == 1); // while it is looked at
        REQUIRE(task.run() == 0);
        REQUIRE(task.run() == 0);
        // What comes between the look and the end of silence is found by the next look.
        REQUIRE(task.run() > ticks_per_millisecond() * 100);
        REQUIRE(side.model().deliver(nobodys_frame));
        REQUIRE(side.model().interrupts == 2);
    });
}

TEST(NetworkTask, PollsACardThatCannotInterrupt) {
    run_alone(nullptr, [](Side& side) {
        NetworkTask task(side.stack);
        REQUIRE(!side.stack.can_interrupt());
        for (unsigned i = 0; i < 3; ++i)
            REQUIRE(task.run() != 0 && task.run() <= ticks_per_millisecond());
        REQUIRE(side.model().deliver(nobodys_frame));
        REQUIRE(task.run() == 0);
        REQUIRE(task.run() < ticks_per_millisecond() / 10);
        REQUIRE(side.model().interrupts == 0);
    });
}

TEST(TcpChecksum, EqualsTheDefinition) {
    const auto data = noise(4000);
    std::mt19937 random(5);
    for (unsigned n = 0; n < 2000; ++n) {
        const std::size_t from = random() % 100, length = random() % 3000;
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < length; ++i)
            sum += static_cast<std::uint32_t>(data[from + i]) << (i % 2 == 0 ? 0 : 8);
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        EXPECT_EQ(transom_lwip_checksum(data.data() + from, static_cast<int>(length)), sum);
    }
}

} // namespace
} // namespace transom::net

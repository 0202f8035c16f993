// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model_virtio_net.hpp"
#include <chrono>
#include <deque>
#include <gtest/gtest.h>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <sys/wait.h>
#include <transom/net/stack.hpp>
#include <unistd.h>

// Two whole network stacks, each in a process of its own (lwIP has one state a process), joined by a socket as the wire:
// model card, driver, lwIP and streams together.

namespace transom::net {

using namespace std::chrono_literals;

/// Ends the process of one side where it does not hold.
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                               \
            std::_Exit(1);                                                                                             \
        }                                                                                                              \
    } while (false)

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
    const std::vector<std::string>& log() const { return machine_.log_; }

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

inline std::vector<std::byte> noise(std::size_t size) {
    std::mt19937 random(7);
    std::vector<std::byte> bytes(size);
    for (std::byte& b : bytes)
        b = static_cast<std::byte>(random());
    return bytes;
}

} // namespace transom::net

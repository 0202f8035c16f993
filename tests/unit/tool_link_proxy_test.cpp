// SPDX-License-Identifier: Apache-2.0
#include "link_proxy.hpp"
#include "temporary_directory.hpp"

#include <cstring>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;

/// What a QEMU is to the proxy.
class End {
  public:
    explicit End(const std::filesystem::path& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, path.c_str());
        EXPECT_EQ(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    }
    void send(std::size_t length, int filled_with) {
        std::vector<std::byte> bytes;
        FrameStream::append(bytes, std::vector<std::byte>(length, static_cast<std::byte>(filled_with)));
        EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    }
    /// What the next frame is filled with; -1: there is none any more, -2: none comes.
    int receive(std::chrono::milliseconds within = 5s) {
        for (;;) {
            if (const auto frame = frames_.next())
                return std::to_integer<int>(frame->front());
            pollfd watched = {socket_.get(), POLLIN, 0};
            if (poll(&watched, 1, static_cast<int>(within.count())) == 0)
                return -2;
            std::array<std::byte, 4096> bytes;
            const ssize_t n = read(socket_.get(), bytes.data(), bytes.size());
            if (n <= 0)
                return -1;
            frames_.feed({bytes.data(), static_cast<std::size_t>(n)});
        }
    }
    void close() { socket_.reset(); }

  private:
    FileDescriptor socket_;
    FrameStream frames_;
};

struct Link {
    explicit Link(std::string_view rules)
        : proxy(parse_link_rules(rules), {directory.path() / "a", directory.path() / "b"}) {}
    TemporaryDirectory directory;
    LinkProxy proxy;
    End a{directory.path() / "a"}, b{directory.path() / "b"};
};

TEST(ToolLinkProxy, FramesPassBothWaysInTheirOrder) {
    Link link("");
    for (int i = 0; i < 100; ++i) {
        link.a.send(1514, i);
        link.b.send(60, 100 + i);
    }
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(link.b.receive(), i);
        EXPECT_EQ(link.a.receive(), 100 + i);
    }
    EXPECT_EQ(link.proxy.counts(0).passed, 100u);
    EXPECT_EQ(link.proxy.counts(1).passed, 100u);
}

TEST(ToolLinkProxy, ACutLosesFramesAndKeepsTheConnections) {
    Link link("cut 0s for 3600s");
    link.a.send(60, 1);
    EXPECT_EQ(link.b.receive(), 1);
    link.proxy.begin_move();
    link.a.send(60, 2);
    EXPECT_EQ(link.b.receive(100ms), -2);
    link.b.send(60, 3);
    EXPECT_EQ(link.a.receive(100ms), -2);
    for (int i = 0; i < 1000 && link.proxy.counts(0).cut + link.proxy.counts(1).cut != 2; ++i)
        std::this_thread::sleep_for(10ms);
    EXPECT_EQ(link.proxy.counts(0).cut, 1u);
    EXPECT_EQ(link.proxy.counts(1).cut, 1u);
}

TEST(ToolLinkProxy, ADelayedFrameComesLate) {
    Link link("delay 200ms");
    const auto sent = Clock::now();
    link.a.send(60, 1);
    EXPECT_EQ(link.b.receive(), 1);
    EXPECT_GE(Clock::now() - sent, 200ms);
}

TEST(ToolLinkProxy, WhereOneEndGoesTheOtherOneLosesItsConnection) {
    Link link("");
    link.a.send(60, 1);
    EXPECT_EQ(link.b.receive(), 1);
    link.a.close();
    EXPECT_EQ(link.b.receive(), -1);
}

} // namespace
} // namespace transom::tool

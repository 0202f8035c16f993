// SPDX-License-Identifier: Apache-2.0
#include "link_proxy.hpp"

#include "failure.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace transom::tool {
namespace {

constexpr auto glance = std::chrono::milliseconds(50); // how long the end may go unnoticed
constexpr std::size_t block = 65536;
constexpr std::size_t most_outgoing = 1 << 20; // then the other QEMU's frames stay in its socket

FileDescriptor listen_at(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.string().size() >= sizeof(address.sun_path))
        fail("the link's socket {} has a name that is too long for one", path.string());
    std::strcpy(address.sun_path, path.c_str());
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket || bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(socket.get(), 1) != 0)
        fail("cannot make the link's socket {}: {}", path.string(), std::strerror(errno));
    return socket;
}

bool would_wait(int error) { return error == EAGAIN || error == EINTR; }

} // namespace

LinkProxy::LinkProxy(const LinkRules& rules, const std::array<std::filesystem::path, 2>& sockets)
    : listening_{listen_at(sockets[0]), listen_at(sockets[1])}, ways_{Way(LinkDirection(rules, 0)),
                                                                      Way(LinkDirection(rules, 1))} {
    // Signals are for the main thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LinkProxy::~LinkProxy() {
    stop_ = true;
    thread_.join();
}

void LinkProxy::begin_move() {
    const std::lock_guard lock(mutex_);
    for (Way& way : ways_)
        way.rules.begin_move(now());
}

LinkCounts LinkProxy::counts(std::size_t from) const {
    const std::lock_guard lock(mutex_);
    return ways_.at(from).rules.counts();
}

void LinkProxy::run() {
    try {
        if (accept_both())
            while (!stop_ && turn()) {}
    } catch (const Failure& failure) {
        fmt::print(stderr, "transom: {}\n", failure.what()); // and the move does not come to its end
    }
    for (FileDescriptor& each : connected_)
        each.reset();
}

bool LinkProxy::accept_both() {
    while (!stop_ && (!connected_[0] || !connected_[1])) {
        std::array<pollfd, 2> watched{};
        for (std::size_t i = 0; i < 2; ++i)
            watched[i] = {connected_[i] ? -1 : listening_[i].get(), POLLIN, 0};
        poll(watched.data(), watched.size(), static_cast<int>(glance.count()));
        for (std::size_t i = 0; i < 2; ++i)
            if ((watched[i].revents & POLLIN) != 0)
                connected_[i] =
                    FileDescriptor(accept4(listening_[i].get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    }
    return !stop_;
}

LinkDirection::Time LinkProxy::until_next() const {
    LinkDirection::Time wait = glance;
    for (const Way& way : ways_)
        if (!way.waiting.empty())
            wait = std::min(wait, std::max(way.waiting.top().at - now(), LinkDirection::Time{0}));
    return wait;
}

bool LinkProxy::turn() {
    std::array<pollfd, 2> watched{};
    for (std::size_t i = 0; i < 2; ++i) {
        const bool room = ways_[i].outgoing.size() < most_outgoing, due = !ways_[1 - i].outgoing.empty();
        watched[i] = {connected_[i].get(), static_cast<short>((room ? POLLIN : 0) | (due ? POLLOUT : 0)), 0};
    }
    const auto wait = until_next();
    const timespec timeout = {.tv_sec = wait.count() / 1'000'000'000, .tv_nsec = wait.count() % 1'000'000'000};
    if (ppoll(watched.data(), watched.size(), &timeout, nullptr) < 0 && errno != EINTR)
        return false;
    for (std::size_t i = 0; i < 2; ++i)
        if ((watched[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !take_frames(i))
            return false;
    for (std::size_t i = 0; i < 2; ++i)
        hand_on(i);
    return true;
}

bool LinkProxy::take_frames(std::size_t from) {
    std::array<std::byte, block> bytes;
    const ssize_t n = read(connected_[from].get(), bytes.data(), bytes.size());
    if (n <= 0)
        return n < 0 && would_wait(errno);
    Way& way = ways_[from];
    way.incoming.feed({bytes.data(), static_cast<std::size_t>(n)});
    while (auto frame = way.incoming.next()) {
        const std::lock_guard lock(mutex_);
        for (const LinkDirection::Time at : way.rules.frame(now(), frame->size()))
            way.waiting.push({at, frames_++, *frame});
    }
    return true;
}

/// What is due, as far as the other QEMU takes it.
void LinkProxy::hand_on(std::size_t from) {
    Way& way = ways_[from];
    for (; !way.waiting.empty() && way.waiting.top().at <= now(); way.waiting.pop())
        FrameStream::append(way.outgoing, way.waiting.top().frame);
    if (way.outgoing.empty())
        return;
    const ssize_t n = send(connected_[1 - from].get(), way.outgoing.data(), way.outgoing.size(), MSG_NOSIGNAL);
    if (n > 0)
        way.outgoing.erase(way.outgoing.begin(), way.outgoing.begin() + n);
}

} // namespace transom::tool

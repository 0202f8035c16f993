// SPDX-License-Identifier: Apache-2.0
#include "management_client.hpp"

#include "failure.hpp"
#include "interruption.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace transom::tool {
namespace {
constexpr auto hello_timeout = std::chrono::seconds(3);
constexpr auto pause_between_attempts = std::chrono::milliseconds(200);
constexpr std::size_t longest_line = 64 << 10;
constexpr auto upload_silence = std::chrono::seconds(60);
constexpr std::size_t upload_piece = 256 << 10;
constexpr const char* too_late = "no answer in time";

/// A machine that is gone without a word is noticed after so many seconds, though nothing is sent to it.
void watch_peer(int socket) {
    const int on = 1, idle = 10, interval = 5, count = 3;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}
} // namespace

ManagementClient::ManagementClient(const Endpoint& endpoint, Clock::time_point until,
                                   const std::function<void()>& still_there) {
    std::string reason = "the port does not accept connections";
    for (;;) {
        still_there();
        check_interruption();
        try {
            if (connect(endpoint, Clock::now() + hello_timeout)) {
                hello_ = demand("hello", hello_timeout).result();
                break;
            }
        } catch (const Failure& failure) {
            reason = failure.what();
        }
        if (Clock::now() >= until)
            fail("the management service does not answer: {}", reason);
        std::this_thread::sleep_for(pause_between_attempts);
    }
    if (!hello_.has("transom"))
        fail("what answers on port {} is no Transom", endpoint.port);
}

bool ManagementClient::connect(const Endpoint& endpoint, Clock::time_point until) {
    received_.clear();
    addrinfo wanted = {}, *found = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    if (const int error = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &wanted, &found))
        fail("{}: {}", endpoint.host, gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    socket_ = FileDescriptor(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // Requests are small and must not wait for Nagle.
    const int on = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch_peer(socket_.get());
    if (::connect(socket_.get(), found->ai_addr, found->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    if (!wait(POLLOUT, until))
        fail(too_late);
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/// False: time is up. Otherwise something may have happened.
bool ManagementClient::wait(short events, Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0)
        return false;
    std::array<pollfd, 2> watched = {pollfd{socket_.get(), events, 0}, pollfd{interruption_fd(), POLLIN, 0}};
    poll(watched.data(), watched.size(), static_cast<int>(left.count()));
    check_interruption();
    return true;
}

void ManagementClient::send(std::string_view text, Clock::time_point until) {
    while (!text.empty()) {
        if (!wait(POLLOUT, until))
            fail(too_late);
        const ssize_t n = ::send(socket_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            text.remove_prefix(static_cast<std::size_t>(n));
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            fail("the connection broke: {}", std::strerror(errno));
    }
}

std::optional<std::string> ManagementClient::take_line() {
    const auto end = received_.find('\n');
    if (end == std::string::npos) {
        if (received_.size() > longest_line)
            fail("a line of the answer is too long");
        return {};
    }
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
}

void ManagementClient::receive() {
    std::array<char, 4096> block;
    const ssize_t n = recv(socket_.get(), block.data(), block.size(), MSG_DONTWAIT);
    if (n > 0)
        received_.append(block.data(), static_cast<std::size_t>(n));
    else if (n == 0)
        fail("the connection was closed");
    else if (errno != EAGAIN && errno != EINTR)
        fail("the connection broke: {}", std::strerror(errno));
}

std::string ManagementClient::read_line(Clock::time_point until) {
    for (;;) {
        if (auto line = take_line())
            return *std::move(line);
        if (!wait(POLLIN, until))
            fail(too_late);
        receive();
    }
}

std::string ManagementClient::read_line(std::chrono::milliseconds interval, const std::function<void()>& waits) {
    for (auto next = Clock::now() + interval;;) {
        if (auto line = take_line())
            return *std::move(line);
        if (wait(POLLIN, next)) {
            receive();
        } else {
            waits();
            next += interval;
        }
    }
}

Answer ManagementClient::request(std::string_view line, std::chrono::milliseconds timeout) {
    const auto until = Clock::now() + timeout;
    const auto verb = line.substr(0, line.find(' '));
    try {
        send(fmt::format("{}\n", line), until);
        Answer answer;
        while (!answer.add_line(read_line(until))) {}
        return answer;
    } catch (const Failure& failure) {
        fail("management request '{}': {}", verb, failure.what());
    }
}

Answer ManagementClient::request_patiently(std::string_view line, std::chrono::milliseconds interval,
                                           const std::function<void()>& waits) {
    const auto verb = line.substr(0, line.find(' '));
    try {
        send(fmt::format("{}\n", line), Clock::now() + upload_silence);
        Answer answer;
        while (!answer.add_line(read_line(interval, waits))) {}
        return answer;
    } catch (const Failure& failure) {
        fail("management request '{}': {}", verb, failure.what());
    }
}

Answer ManagementClient::upload(std::string_view line, std::span<const std::byte> bytes,
                                const std::function<void(std::size_t)>& sent) {
    const auto verb = line.substr(0, line.find(' '));
    try {
        send(fmt::format("{}\n", line), Clock::now() + upload_silence);
        Answer answer;
        for (bool asked = false; !answer.add_line(read_line(Clock::now() + upload_silence));) {
            if (asked || !answer.rows().back().has("send"))
                continue;
            asked = true;
            for (std::size_t at = 0; at < bytes.size();) {
                const auto piece = bytes.subspan(at, std::min(bytes.size() - at, upload_piece));
                send({reinterpret_cast<const char*>(piece.data()), piece.size()}, Clock::now() + upload_silence);
                sent(at += piece.size());
            }
        }
        return answer;
    } catch (const Failure& failure) {
        fail("management request '{}': {}", verb, failure.what());
    }
}

Answer ManagementClient::demand(std::string_view line, std::chrono::milliseconds timeout) {
    Answer answer = request(line, timeout);
    if (!answer.ok())
        fail("management request '{}' was refused: {}", line.substr(0, line.find(' ')), answer.error());
    return answer;
}

} // namespace transom::tool

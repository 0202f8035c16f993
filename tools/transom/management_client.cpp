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
// At first: where QEMU has connected us with a machine that does not hear it yet, soon again is better than late; then longer each time,
// where it is the machine that is slow.
constexpr auto connect_timeout = std::chrono::seconds(3);
constexpr auto longest_connect_timeout = std::chrono::seconds(12);
constexpr auto hello_timeout = std::chrono::seconds(10); // a handshake is work for an emulated machine
constexpr auto pause_between_attempts = std::chrono::milliseconds(200);
constexpr std::size_t longest_line = 64 << 10;
constexpr auto upload_silence = std::chrono::seconds(60);
constexpr std::size_t upload_piece = 256 << 10;
constexpr auto patience_with_the_slow = std::chrono::seconds(20);
constexpr const char* closed = "the connection was closed";

struct TooLate : Failure {
    TooLate() : Failure("no answer in time") {}
};

/// A machine that is gone without a word is noticed after so many seconds, though nothing is sent to it.
void watch_peer(int socket) {
    const int on = 1, idle = 10, interval = 5, count = 3;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

/// False: time is up.
bool wait_for(int socket, short events, Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0)
        return false;
    std::array<pollfd, 2> watched = {pollfd{socket, events, 0}, pollfd{interruption_fd(), POLLIN, 0}};
    poll(watched.data(), watched.size(), static_cast<int>(left.count()));
    check_interruption();
    return true;
}

/// None where nobody listens there.
FileDescriptor connect_socket(const Endpoint& endpoint, Clock::time_point until) {
    addrinfo wanted = {}, *found = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    if (const int error = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &wanted, &found))
        fail("{}: {}", endpoint.host, gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    FileDescriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // Requests are small and must not wait for Nagle.
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch_peer(socket.get());
    if (::connect(socket.get(), found->ai_addr, found->ai_addrlen) == 0)
        return socket;
    if (errno != EINPROGRESS)
        return {};
    int error = 0;
    socklen_t size = sizeof error;
    if (!wait_for(socket.get(), POLLOUT, until))
        throw TooLate();
    if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return {};
    return socket;
}
} // namespace

ManagementClient::ManagementClient(const Endpoint& endpoint, const OperatorKeys& keys, Clock::time_point until,
                                   const std::function<void()>& still_there) {
    std::string reason = "the port does not accept connections";
    auto last = until;
    for (auto patience = connect_timeout;; patience = std::min(2 * patience, longest_connect_timeout)) {
        still_there();
        check_interruption();
        try {
            if (connect(endpoint, keys, Clock::now() + patience)) {
                const Answer answer = exchange("hello", Clock::now() + hello_timeout);
                if (!answer.ok())
                    throw Refused(answer.error());
                hello_ = answer.result();
                break;
            }
        } catch (const TooLate& late) { // somebody is there, and is slow
            reason = late.what();
            last = until + patience_with_the_slow;
        } catch (const Refused& refused) {
            fail("{}:{}: {}", endpoint.host, endpoint.port, refused.what());
        } catch (const Failure& failure) {
            reason = failure.what();
        }
        if (Clock::now() >= last)
            fail("{}:{}: the management service does not answer: {}", endpoint.host, endpoint.port, reason);
        std::this_thread::sleep_for(pause_between_attempts);
    }
    if (!hello_.has("transom"))
        fail("what answers on port {} is no Transom", endpoint.port);
}

bool ManagementClient::connect(const Endpoint& endpoint, const OperatorKeys& keys, Clock::time_point until) {
    received_.clear();
    channel_.reset();
    FileDescriptor socket = connect_socket(endpoint, until);
    if (!socket)
        return false;
    channel_ = std::make_unique<SecureChannel>(std::move(socket), keys);
    for (auto patience = until; !channel_->established();) {
        channel_->work();
        // Who has begun goes on.
        if (channel_->has_heard())
            patience = until + hello_timeout;
        if (!channel_->established() && !wait(POLLIN, patience))
            throw TooLate();
    }
    return true;
}

/// False: time is up. Otherwise something may have happened.
bool ManagementClient::wait(short events, Clock::time_point until) {
    if ((events & POLLIN) != 0 && channel_->has_more()) // which poll knows nothing of
        return true;
    const auto wanted = static_cast<short>(events | (channel_->wants_to_send() ? POLLOUT : 0));
    return wait_for(channel_->socket(), wanted, until);
}

void ManagementClient::send(std::string_view text, Clock::time_point until) {
    while (!text.empty() || channel_->wants_to_send()) {
        text.remove_prefix(channel_->write(text));
        if (channel_->has_ended())
            fail(closed);
        if (channel_->wants_to_send() && !wait(POLLOUT, until))
            throw TooLate();
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
    do {
        const ssize_t n = channel_->read(block);
        if (n > 0)
            received_.append(block.data(), static_cast<std::size_t>(n));
        else if (n == 0)
            fail(closed);
    } while (channel_->has_more());
}

std::string ManagementClient::read_line(Clock::time_point until) {
    for (;;) {
        if (auto line = take_line())
            return *std::move(line);
        if (!wait(POLLIN, until))
            throw TooLate();
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

Answer ManagementClient::exchange(std::string_view line, Clock::time_point until) {
    send(fmt::format("{}\n", line), until);
    Answer answer;
    while (!answer.add_line(read_line(until))) {}
    return answer;
}

Answer ManagementClient::request(std::string_view line, std::chrono::milliseconds timeout) {
    const auto verb = line.substr(0, line.find(' '));
    try {
        return exchange(line, Clock::now() + timeout);
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

bool ManagementClient::relay(std::string_view line, std::optional<std::chrono::milliseconds> limit,
                             const std::function<void(std::string_view)>& tell) {
    const auto verb = line.substr(0, line.find(' '));
    try {
        send(fmt::format("{}\n", line), Clock::now() + limit.value_or(upload_silence));
        for (;;) {
            const std::string answer =
                limit ? read_line(Clock::now() + *limit) : read_line(std::chrono::hours(1), [] {});
            tell(answer);
            if (!answer.starts_with("+"))
                return answer.starts_with("ok");
        }
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

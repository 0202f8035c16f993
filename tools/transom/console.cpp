// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include "failure.hpp"
#include "interruption.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace transom::tool {
namespace {
constexpr auto glance = std::chrono::milliseconds(100); // how long a signal or the end may go unnoticed
} // namespace

Console::Console(int from_machine, int to_machine) : from_machine_(from_machine), to_machine_(to_machine) {
    // Signals are for the main thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    reader_ = std::thread([this] { read_until_closed(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Console::~Console() {
    stop_ = true;
    reader_.join();
}

void Console::read_until_closed() {
    std::array<char, 4096> block;
    while (!stop_) {
        pollfd watched = {from_machine_, POLLIN, 0};
        const int ready = poll(&watched, 1, static_cast<int>(glance.count()));
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        const ssize_t n = read(from_machine_, block.data(), block.size());
        const auto now = Clock::now();
        const std::lock_guard lock(mutex_);
        if (n > 0) {
            filter_.feed(now, {block.data(), static_cast<std::size_t>(n)});
            raw_.append(block.data(), static_cast<std::size_t>(n));
        } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            closed_ = true;
        }
        arrived_.notify_all();
        if (closed_)
            return;
    }
}

void Console::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = write(to_machine_, bytes.data(), bytes.size());
        if (n > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
            pollfd watched = {to_machine_, POLLOUT, 0};
            poll(&watched, 1, static_cast<int>(glance.count()));
        } else if (errno != EINTR) {
            fail("the machine's console does not take input: {}", std::strerror(errno));
        }
        check_interruption();
    }
}

template <class Found> bool Console::wait_until(Clock::time_point until, Found found) {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (found())
            return true;
        const auto now = Clock::now();
        if (closed_ || now >= until)
            return false;
        arrived_.wait_until(lock, std::min(until, now + glance));
        check_interruption();
    }
}

std::optional<std::size_t> Console::wait_for(std::string_view text, std::size_t from, Clock::time_point until) {
    std::optional<std::size_t> behind;
    std::size_t look_from = from;
    wait_until(until, [&] {
        const std::string& terminal = filter_.terminal();
        const auto at = terminal.find(text, look_from);
        if (at != std::string::npos)
            behind = at + text.size();
        // The next look need not go over the same text again.
        else if (terminal.size() > look_from + text.size())
            look_from = terminal.size() - text.size();
        return behind.has_value();
    });
    return behind;
}

std::optional<Clock::time_point> Console::wait_for_log(std::string_view text, Clock::time_point until) {
    std::optional<Clock::time_point> at;
    std::size_t looked_at = 0;
    wait_until(until, [&] {
        const auto& log = filter_.log();
        for (; looked_at < log.size() && !at; ++looked_at)
            if (log[looked_at].text.find(text) != std::string::npos)
                at = log[looked_at].at;
        return at.has_value();
    });
    return at;
}

std::size_t Console::mark() const {
    const std::lock_guard lock(mutex_);
    return filter_.terminal().size();
}

std::string Console::terminal_from(std::size_t from) const {
    const std::lock_guard lock(mutex_);
    return filter_.terminal().substr(std::min(from, filter_.terminal().size()));
}

Clock::time_point Console::arrival(std::size_t offset) const {
    const std::lock_guard lock(mutex_);
    return filter_.arrival(offset);
}

std::vector<TimedLine> Console::log() const {
    const std::lock_guard lock(mutex_);
    return filter_.log();
}

ConsoleFilter Console::snapshot() const {
    const std::lock_guard lock(mutex_);
    return filter_;
}

bool Console::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

std::string Console::raw() const {
    const std::lock_guard lock(mutex_);
    return raw_;
}

std::string Console::tail(std::size_t lines) const {
    const std::lock_guard lock(mutex_);
    std::size_t begin = raw_.size();
    for (std::size_t n = 0; n <= lines && begin != 0 && begin != std::string::npos; ++n)
        begin = raw_.rfind('\n', begin - 1);
    return raw_.substr(begin == std::string::npos || begin == 0 ? 0 : begin + 1);
}

} // namespace transom::tool

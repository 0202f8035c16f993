// SPDX-License-Identifier: Apache-2.0
#include "attach.hpp"

#include "escape_filter.hpp"
#include "failure.hpp"
#include "interruption.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace transom::tool {
namespace {

/// Keys go to the machine one by one, Ctrl-C too. Put back however we leave.
class RawTerminal {
  public:
    RawTerminal() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0)
            return;
        termios raw = before_;
        cfmakeraw(&raw);
        raw.c_oflag |= OPOST | ONLCR; // our own lines and firmware's, which end in a line feed alone
        active_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    RawTerminal(const RawTerminal&) = delete;
    ~RawTerminal() {
        if (active_)
            tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }

  private:
    termios before_ = {};
    bool active_ = false;
};

void write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = write(fd, bytes.data(), bytes.size());
        if (n > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
        } else if (n < 0 && errno == EAGAIN) {
            pollfd watched = {fd, POLLOUT, 0};
            poll(&watched, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            fail("cannot write to standard output: {}", std::strerror(errno));
        }
        check_interruption();
    }
}

class Attachment {
  public:
    Attachment(ConsoleLine& machine, char quit_letter, bool keyboard, ConsoleFilter& log)
        : machine_(machine), log_(log), keyboard_(keyboard), escape_(quit_letter) {}

    AttachEnd run(std::optional<Clock::time_point> until);

  private:
    enum Source { output, input, keys, signals, source_count };

    bool take_keys();
    void give_keys();
    /// Nothing while there may be more.
    std::optional<AttachEnd> show_output();
    std::optional<AttachEnd> show_block();

    ConsoleLine& machine_;
    ConsoleFilter& log_;
    bool keyboard_, keys_open_ = true, input_open_ = true;
    EscapeFilter escape_;
    std::string pending_;
};

bool Attachment::take_keys() {
    std::array<char, 512> block;
    const ssize_t n = read(STDIN_FILENO, block.data(), block.size());
    if (n > 0) {
        const std::string_view typed(block.data(), static_cast<std::size_t>(n));
        if (keyboard_)
            return escape_.feed(typed, pending_);
        pending_ += typed;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        keys_open_ = false;
    }
    return false;
}

void Attachment::give_keys() {
    const ssize_t n = machine_.write(pending_);
    if (n > 0)
        pending_.erase(0, static_cast<std::size_t>(n));
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        input_open_ = false;
    if (!input_open_)
        pending_.clear();
}

std::optional<AttachEnd> Attachment::show_output() {
    std::optional<AttachEnd> end;
    do
        end = show_block();
    while (!end && machine_.has_more());
    return end;
}

std::optional<AttachEnd> Attachment::show_block() {
    std::array<char, 4096> block;
    const ssize_t n = machine_.read(block);
    if (n > 0) {
        const std::string_view shown(block.data(), static_cast<std::size_t>(n));
        log_.feed(Clock::now(), shown);
        log_.forget_terminal();
        write_all(STDOUT_FILENO, shown);
    }
    if (n == 0)
        return AttachEnd::machine_ended;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return AttachEnd::broken;
    return {};
}

AttachEnd Attachment::run(std::optional<Clock::time_point> until) {
    for (;;) {
        std::array<pollfd, source_count> watched;
        const bool gives = !pending_.empty() || machine_.wants_to_write();
        watched[output] = {machine_.from(), POLLIN, 0};
        watched[input] = {gives ? machine_.to() : -1, POLLOUT, 0};
        watched[keys] = {keys_open_ && pending_.empty() ? STDIN_FILENO : -1, POLLIN, 0};
        watched[signals] = {interruption_fd(), POLLIN, 0};
        const bool more = machine_.has_more(); // which poll knows nothing of
        int patience = more ? 0 : -1;
        if (until && !more) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now());
            if (left.count() <= 0)
                return AttachEnd::timeout;
            patience = static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 30));
        }
        poll(watched.data(), watched.size(), patience);
        check_interruption();
        if (more || watched[output].revents != 0)
            if (const auto end = show_output())
                return *end;
        if (watched[keys].revents != 0 && take_keys())
            return AttachEnd::quit;
        if (watched[input].revents != 0)
            give_keys();
    }
}

} // namespace

AttachEnd attach(ConsoleLine& machine, char quit_letter, std::optional<Clock::time_point> until, ConsoleFilter& log) {
    if (isatty(STDIN_FILENO) == 0)
        return Attachment(machine, quit_letter, false, log).run(until);
    const RawTerminal raw;
    return Attachment(machine, quit_letter, true, log).run(until);
}

} // namespace transom::tool

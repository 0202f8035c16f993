// SPDX-License-Identifier: Apache-2.0
#include "console_line.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace transom::tool {

PipedLine::PipedLine(int from, int to) : from_(from), to_(to) { fcntl(to, F_SETFL, fcntl(to, F_GETFL) | O_NONBLOCK); }

ssize_t PipedLine::read(std::span<char> block) { return ::read(from_, block.data(), block.size()); }

ssize_t PipedLine::write(std::string_view bytes) { return ::write(to_, bytes.data(), bytes.size()); }

ssize_t SecureLine::read(std::span<char> block) {
    try {
        return channel_.read(block);
    } catch (const Failure&) {
        errno = ECONNRESET;
        return -1;
    }
}

ssize_t SecureLine::write(std::string_view bytes) {
    try {
        const std::size_t taken = channel_.write(bytes);
        if (taken != 0 || bytes.empty())
            return static_cast<ssize_t>(taken);
        errno = EAGAIN;
    } catch (const Failure&) {
        errno = EPIPE;
    }
    return -1;
}

} // namespace transom::tool

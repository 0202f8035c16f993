// SPDX-License-Identifier: Apache-2.0
#include "input_lines.hpp"

#include "failure.hpp"
#include "interruption.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace transom::tool {

std::optional<std::string> InputLines::next() {
    std::array<char, 4096> block;
    while (!ended_ && pending_.find('\n') == std::string::npos) {
        std::array<pollfd, 2> watched = {pollfd{from_, POLLIN, 0}, pollfd{interruption_fd(), POLLIN, 0}};
        poll(watched.data(), watched.size(), -1);
        check_interruption();
        if (watched[0].revents == 0)
            continue;
        const ssize_t n = read(from_, block.data(), block.size());
        if (n > 0)
            pending_.append(block.data(), static_cast<std::size_t>(n));
        else if (n == 0)
            ended_ = true;
        else if (errno != EAGAIN && errno != EINTR)
            fail("cannot read standard input: {}", std::strerror(errno));
    }
    if (pending_.empty())
        return {};
    const auto end = std::min(pending_.find('\n'), pending_.size());
    std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    if (line.ends_with('\r'))
        line.pop_back();
    return line;
}

} // namespace transom::tool

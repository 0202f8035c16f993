// SPDX-License-Identifier: Apache-2.0
#include "console_filter.hpp"

#include <algorithm>
#include <utility>

namespace transom::tool {
namespace {
constexpr std::string_view log_prefix = "transom: ";
} // namespace

void ConsoleFilter::to_terminal(Clock::time_point at, std::string_view bytes) {
    if (arrivals_.empty() || arrivals_.back().at != at)
        arrivals_.push_back({terminal_.size(), at});
    terminal_ += bytes;
}

void ConsoleFilter::feed(Clock::time_point at, std::string_view bytes) {
    std::string ours;
    firmware_.feed(bytes, ours);
    for (const char& byte : ours) {
        if (byte == '\r')
            continue;
        if (in_log_) {
            if (byte != '\n') {
                log_line_ += byte;
                continue;
            }
            log_.push_back({at, std::exchange(log_line_, {})});
            in_log_ = false;
            continue;
        }
        if (byte != log_prefix[matched_] && matched_ > 0)
            to_terminal(at, log_prefix.substr(0, std::exchange(matched_, 0)));
        // No proper suffix of the prefix is a prefix of it: a mismatch starts over with this byte.
        if (byte != log_prefix[matched_]) {
            to_terminal(at, {&byte, 1});
        } else if (++matched_ == log_prefix.size()) {
            matched_ = 0;
            in_log_ = true;
        }
    }
}

Clock::time_point ConsoleFilter::arrival(std::size_t offset) const {
    const auto after = std::ranges::upper_bound(arrivals_, offset, {}, &Arrival::offset);
    return after == arrivals_.begin() ? Clock::time_point{} : std::prev(after)->at;
}

} // namespace transom::tool

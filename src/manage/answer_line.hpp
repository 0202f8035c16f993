// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <transom/manage/connection.hpp>
#include <utility>

// How a connection makes the lines of its answers.

namespace transom::manage {

/// Adds to the line that is being made; what does not fit is cut.
template <class... Args> void Connection::append(fmt::format_string<Args...> format, Args&&... arguments) {
    const std::size_t room = out_.size() - 1 - out_size_; // one for the line end
    const auto written = fmt::format_to_n(out_.data() + out_size_, room, format, std::forward<Args>(arguments)...);
    out_size_ += std::min(room, written.size);
}

template <class... Args> void Connection::line(fmt::format_string<Args...> format, Args&&... arguments) {
    out_size_ = out_sent_ = 0;
    append(format, std::forward<Args>(arguments)...);
    end_line();
}

} // namespace transom::manage

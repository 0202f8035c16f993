// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <string_view>

namespace transom {

/// Longest line of the log; what is longer is cut.
constexpr std::size_t log_line_capacity = 256;

void log_formatted(fmt::string_view format, fmt::format_args arguments);

/// One line to the log of the machine. Format strings are checked when compiled.
template <class... Args> void log(fmt::format_string<Args...> format, Args&&... arguments) {
    log_formatted(format, fmt::make_format_args(arguments...));
}

} // namespace transom

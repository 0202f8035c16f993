// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <stdexcept>

namespace transom::tool {

/// What ends a command: one clear line for the user (without "transom: " and without a line end). Exit code 1.
class Failure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

template <class... Args> [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... arguments) {
    throw Failure(fmt::format(format, std::forward<Args>(arguments)...));
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <transom/base/fixed_text.hpp>
#include <utility>

namespace transom::partition {

/// What it is that a partition cannot be made for.
enum class CreateFault : std::uint8_t {
    no_room,      // the machine has too little left for it
    bad_kernel,   // no machine could load its kernel
    does_not_fit, // what it starts with is too large for what it is to be
    malformed,    // a file is not there, or its shape is none
};

/// One line that names the partition, what is wrong and the remedy.
class CreateError {
  public:
    template <class... Args>
    static CreateError formatted(CreateFault fault, fmt::format_string<Args...> format, Args&&... arguments) {
        return {fault, ErrorLine::formatted(format, std::forward<Args>(arguments)...)};
    }
    /// That the machine has too little left.
    template <class... Args> static CreateError no_room(fmt::format_string<Args...> format, Args&&... arguments) {
        return formatted(CreateFault::no_room, format, std::forward<Args>(arguments)...);
    }

    CreateFault fault() const { return fault_; }
    std::string_view view() const { return line_.view(); }

  private:
    CreateError(CreateFault fault, const ErrorLine& line) : fault_(fault), line_(line) {}

    CreateFault fault_;
    ErrorLine line_;
};

} // namespace transom::partition

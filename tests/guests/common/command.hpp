// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace guest {

/// A line typed on the partition's terminal: a word and decimal numbers.
struct Command {
    static constexpr std::size_t most = 16;

    std::string_view word;
    std::array<std::uint64_t, most> values{};
    std::size_t count = 0;

    /// Nothing where a number is none or there are too many.
    static std::optional<Command> parse(std::string_view line);
    std::span<const std::uint64_t> numbers() const { return {values.data(), count}; }
};

/// The next line, if all of it has come. What is longer than the room for it is cut.
std::optional<std::string_view> take_line();
/// Waits for it.
std::string_view read_line();

} // namespace guest

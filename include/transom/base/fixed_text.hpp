// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <span>
#include <string_view>

namespace transom {

/// One line of printable ASCII of up to `capacity` characters in place: what is longer is cut, what is no printable
/// ASCII becomes '?', so that a name out of bad input cannot disturb a log or a protocol.
template <std::size_t capacity> class FixedText {
  public:
    constexpr FixedText() = default;

    template <class... Args> static FixedText formatted(fmt::format_string<Args...> format, Args&&... arguments) {
        FixedText text;
        const auto end =
            fmt::vformat_to_n(text.characters_.data(), capacity, format, fmt::make_format_args(arguments...));
        text.size_ = std::min(static_cast<std::size_t>(end.size), capacity);
        for (char& c : std::span(text.characters_).first(text.size_))
            if (c < ' ' || c > '~')
                c = '?';
        return text;
    }

    constexpr std::string_view view() const { return {characters_.data(), size_}; }
    constexpr bool empty() const { return size_ == 0; }

  private:
    std::array<char, capacity> characters_{};
    std::size_t size_ = 0;
};

/// One line for the operator: what is wrong, with what, and the remedy. Made where the reason is known, shown
/// unchanged.
using ErrorLine = FixedText<400>;

} // namespace transom

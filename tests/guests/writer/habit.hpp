// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../common/random.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace writer {

/// Which pages are stored to, and how often.
struct Habit {
    enum class Kind : std::uint8_t {
        idle,  ///< none
        share, ///< `percent` of the pages, one as often as the other
        mixed, ///< 1 % of the pages get 80 % of the stores, 9 % get 18 %, 90 % get 2 %
    };
    Kind kind = Kind::idle;
    std::uint64_t percent = 0;
    std::uint64_t rate = 0; ///< stores in a second

    /// "writes=idle|mixed|PERCENT rate=N". Nothing where that is not what `text` is.
    static std::optional<Habit> parse(std::string_view text);

    /// The next of so many pages. Not where it is idle.
    std::uint64_t next(guest::Random& random, std::uint64_t pages) const;
};

} // namespace writer

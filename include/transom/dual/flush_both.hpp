// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hpt/flush.hpp>

namespace transom::dual {

/// By which numbers the TLBs know what they hold of the two tables: on POWER9 and 10 two, on POWER8 one. Whichever a processor walks,
/// it is inside the partition under the first (arch::rendezvous).
struct Lpids {
    std::uint32_t first = 0;
    std::uint32_t second = 0;

    constexpr bool one() const { return first == second; }
    constexpr hpt::FlushScope both() const { return {first, second, first}; }
    constexpr hpt::FlushScope of_first() const { return {first, first, first}; }
    /// Of changes that T1 does not see.
    constexpr hpt::FlushScope of_second() const { return {second, second, first}; }
};

} // namespace transom::dual

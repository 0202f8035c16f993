// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::partition {

// The decrementer is a register of 32 bits, signed, that counts down with the time base and interrupts while it is negative
// (ISA 3.0B Book III 7.3). Outside of its processor a virtual processor keeps the time at which it passes zero instead.

/// Longest time that the register can count.
constexpr std::uint64_t largest_decrementer = 0x7fffffff;

/// What the register holds at `timebase`. One that passed zero longer ago than 32 bits can say has only just done so:
/// its interrupt must not be lost because the virtual processor was stopped, or on the move, for seconds.
constexpr std::uint32_t decrementer_at(std::uint64_t expiry, std::uint64_t timebase) {
    const auto left = static_cast<std::int64_t>(expiry - timebase);
    return left < INT32_MIN ? ~std::uint32_t{0} : static_cast<std::uint32_t>(left);
}

constexpr std::uint64_t decrementer_expiry(std::uint32_t decrementer, std::uint64_t timebase) {
    return timebase + static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(decrementer)});
}

} // namespace transom::partition

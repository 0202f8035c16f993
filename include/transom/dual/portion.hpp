// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::dual {

/// How much of T2 an interval goes through at most.
struct Portion {
    std::uint64_t groups = 4096;
    std::uint64_t ticks = 25'600; // 50 us at 512 MHz
};

} // namespace transom::dual

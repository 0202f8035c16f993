// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// The machine's time base, in ticks of timebase_frequency (512 MHz on every POWER server).
std::uint64_t timebase();

struct TimebaseRepairs {
    std::uint64_t count = 0;
    std::uint64_t ticks = 0;
};
/// The fake clock is one for all.
inline TimebaseRepairs timebase_repairs() { return {}; }

} // namespace arch

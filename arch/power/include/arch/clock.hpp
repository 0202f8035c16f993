// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// The machine's time base, in ticks of its device tree's timebase-frequency (512 MHz on every POWER server).
inline std::uint64_t timebase() {
    std::uint64_t ticks;
    asm volatile("mftb %0" : "=r"(ticks));
    return ticks;
}

} // namespace arch

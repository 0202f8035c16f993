// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// What the calling processor's time base register has more than the machine's time: the offset of the partition that it ran last.
extern constinit thread_local std::uint64_t timebase_shift;

/// The machine's time, in ticks of its device tree's timebase-frequency (512 MHz on every POWER server). A partition's is that plus its
/// timebase_offset, inside and outside of it.
inline std::uint64_t timebase() {
    std::uint64_t ticks;
    asm volatile("mftb %0" : "=r"(ticks));
    return ticks - timebase_shift;
}

/// What processors' time bases were late after they had been written, or compared with another's, and have been set forward by.
struct TimebaseRepairs {
    std::uint64_t count = 0;
    std::uint64_t ticks = 0;
};
TimebaseRepairs timebase_repairs();

} // namespace arch

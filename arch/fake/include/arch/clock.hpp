// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// The machine's time base, in ticks of timebase_frequency (512 MHz on every POWER server).
std::uint64_t timebase();

} // namespace arch

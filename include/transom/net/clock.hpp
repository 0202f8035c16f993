// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::net {

/// Says how fast the machine's time base is, in Hz; the network's clock (there is one, as there is one lwIP) goes by it.
void set_timebase_frequency(std::uint64_t frequency);
/// Ticks of the time base in a millisecond.
std::uint64_t ticks_per_millisecond();

} // namespace transom::net

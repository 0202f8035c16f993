// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// From now on the calling processor's time base register has the machine's time plus `offset`, a multiple of 2^24.
void shift_timebase(std::uint64_t offset);

/// On the way into a partition: what any processor has seen of the time is past here too.
void catch_up_with_time();
/// On the way out of it: what this one has seen of the time.
void publish_time();

} // namespace arch

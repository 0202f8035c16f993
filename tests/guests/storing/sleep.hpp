// SPDX-License-Identifier: Apache-2.0
// Processor 1 sleeps now and then, until processor 0 prods it or its decrementer comes. A wake-up that is lost shows.
#pragma once

#include <cstdint>

namespace storing {

/// Of processor 1. `n` chooses what is to wake it.
void sleep_a_moment(std::uint64_t n);

/// Of processor 0, all the time.
void wake_who_sleeps();
/// And now and then: whether the other one goes on. `frequency`: of the time base.
void watch_sleeper(std::uint64_t frequency);

} // namespace storing

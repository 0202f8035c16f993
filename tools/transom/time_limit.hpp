// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"
#include "console_filter.hpp"

namespace transom::tool {

/// Of a number of seconds that somebody gave: more than the clock can count is as long as it takes.
Clock::duration duration_of(double seconds);

/// What the user allows with --timeout, else what is usual.
Clock::duration time_limit(const MachineOptions& options, Clock::duration usual);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest_progress.hpp"
#include "ticks.hpp"

namespace transom::tool {

/// Of /proc/uptime, and so of work_samples(): in a second.
constexpr std::uint64_t work_clock = 100;

/// How far the work in the Linux partition was, from its workers' notes, lines "step WORKER SECONDS.HUNDREDTHS STEPS"; others are left out.
/// A sample has the steps of all workers since their first note. The time of a note is of the partition's clock; its ticks tell when that
/// was for the host, and what was noted before the first one or after the last is left out.
std::vector<ProgressSample> work_samples(std::string_view notes, const std::vector<Tick>& ticks);

} // namespace transom::tool

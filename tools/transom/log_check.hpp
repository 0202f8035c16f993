// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"

namespace transom::tool {

/// The hypervisor's log line when the first partition is entered for the first time: "partition NAME: first instruction".
constexpr std::string_view first_instruction_line = "first instruction";

/// What the log of a machine that switched itself off says went wrong: it panicked, or could not build its partitions.
/// Empty if nothing did.
std::string problem_in_log(const std::vector<TimedLine>& log, bool expects_partitions);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"
#include "console_line.hpp"

#include <optional>

namespace transom::tool {

enum class AttachEnd { machine_ended, broken, quit, timeout };

/// Connects our standard input and output with a console until that is closed, the user types Ctrl-A and the letter (where
/// standard input is a terminal, which is raw meanwhile) or time is up. The end of standard input ends nothing.
/// What the hypervisor logs is kept in `log`.
AttachEnd attach(ConsoleLine& machine, char quit_letter, std::optional<Clock::time_point> until, ConsoleFilter& log);

} // namespace transom::tool

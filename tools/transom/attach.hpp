// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "child_process.hpp"
#include "console_filter.hpp"

namespace transom::tool {

enum class AttachEnd { machine_ended, quit, timeout };

/// Connects our standard input and output with a machine's console until the machine ends, the user types Ctrl-A x (where
/// standard input is a terminal, which is raw meanwhile) or time is up. The end of standard input ends nothing.
/// What the hypervisor logs is kept in `log`.
AttachEnd attach(ChildProcess& machine, std::optional<Clock::time_point> until, ConsoleFilter& log);

} // namespace transom::tool

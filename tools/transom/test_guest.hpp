// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"
#include "machine.hpp"

#include <functional>

namespace transom::tool {

/// How long each machine of a command may take: what the user says, else what is usual for a guest that tests.
Clock::duration test_guest_limit(const MachineOptions& options);

/// Waits until the machine's guest has written its last line, "# end ...", and has switched the machine off; returns all that
/// was on the terminal. `meanwhile` gets that text several times a second. When the guest is silent, gone or out of
/// time, `problem_of` says from the text what is wrong with the run: unless that is empty, throws Failure with it.
std::string finish_test_guest(Machine& machine, Clock::duration limit,
                              const std::function<std::string(std::string_view)>& problem_of,
                              const std::function<void(std::string_view)>& meanwhile);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine.hpp"

#include <functional>

namespace transom::tool {

/// How long a machine with a guest that tests may usually take.
constexpr auto test_guest_time = std::chrono::seconds(120);

/// Waits until the machine's guest has written its last line, "# end ...", and has switched the machine off; returns all that
/// was on the terminal. `meanwhile` gets that text several times a second. When the guest is silent, gone or out of
/// time, `problem_of` says from the text what is wrong with the run: unless that is empty, throws Failure with it.
std::string finish_test_guest(Machine& machine, Clock::duration limit,
                              const std::function<std::string(std::string_view)>& problem_of,
                              const std::function<void(std::string_view)>& meanwhile);

} // namespace transom::tool

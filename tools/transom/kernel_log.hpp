// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine.hpp"

#include <string>
#include <vector>

namespace transom::tool {

/// What the kernel of a Linux partition complains of in its log; nothing where all is well.
std::vector<std::string> kernel_complaints(Machine& machine, Clock::time_point until);

} // namespace transom::tool

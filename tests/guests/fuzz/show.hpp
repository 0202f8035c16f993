// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operation.hpp"

namespace fuzz {

/// Prints "# op INDEX NAME argument=... -> answer ..." for people.
void show(std::uint64_t index, const Operation& op, const Result& result);

} // namespace fuzz

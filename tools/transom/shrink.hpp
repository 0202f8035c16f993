// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fuzz_output.hpp"

#include <functional>

namespace transom::tool {

/// The smallest count in (low, high] of first operations that fails, if more than that fail, too. `high` is known to.
std::uint64_t first_failing(std::uint64_t low, std::uint64_t high, const std::function<bool(std::uint64_t)>& fails);

using Operations = std::vector<std::uint64_t>; // indices, increasing

/// Delta debugging: operations of [0, count), which together fail, that still fail and of which none can be left out.
Operations shrink(std::uint64_t count, const std::function<bool(const Operations&)>& fails);

/// Neighbours put together.
std::vector<OperationInterval> to_intervals(const Operations& operations);

} // namespace transom::tool

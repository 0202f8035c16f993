// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "conform_compare.hpp"

#include <string>
#include <vector>

namespace transom::tool {

/// The last words of a run, for people: a line for each machine and, for several, one for all of them. A failure of
/// pseries that `explanations` explains is no finding, and is counted as such.
std::string describe_verdict(const std::vector<ConformResult>& results, const Explanations& explanations);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "conform_compare.hpp"

#include <string>
#include <vector>

namespace transom::tool {

/// All results as TAP version 14: a test point for each case, machine and implementation, with diagnostics where it failed
/// or differs. A reader of it comes to the verdict that the command comes to: a failure on the reference machine that is
/// explained is marked TODO, and a difference that is not explained is `not ok` on the reference machine's side.
/// `bail_out`: why there are not all results; empty if there are.
std::string write_tap(const std::vector<ConformResult>& results, const Explanations& explanations,
                      std::string_view bail_out);

} // namespace transom::tool

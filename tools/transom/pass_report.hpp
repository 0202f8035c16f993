// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "management_answer.hpp"

#include <nlohmann/json.hpp>

namespace transom::tool {

/// The passes of a move, as its source tells of them (docs/manage.md, `passes`): an object for each, with its names but for times, which are
/// in milliseconds. `timebase`: ticks in a second. Throws Failure where one has no number.
nlohmann::ordered_json passes_json(const std::vector<Fields>& passes, std::uint64_t timebase);

} // namespace transom::tool

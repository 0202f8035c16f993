// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "management_answer.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace transom::tool {

/// What `migration` (docs/manage.md) says of a move, in one line for people: whose, where to or from, how it goes on or has ended, and the
/// machine's estimate. `timebase`: ticks in a second.
std::string move_line(const Fields& move, std::uint64_t timebase);

/// All that the answer has, numbers as numbers.
nlohmann::ordered_json move_json(const Fields& move);

/// Whether it goes on by itself.
bool is_under_way(std::string_view state);

} // namespace transom::tool

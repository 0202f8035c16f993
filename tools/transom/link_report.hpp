// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "link_direction.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string>

namespace transom::tool {

/// What a link with rules did to the frames of all moves.
struct LinkReport {
    std::string rules;                ///< as they were given
    std::array<LinkCounts, 2> counts; ///< of what A has sent, and B

    /// Those of both ways together, and of each in `a_to_b` and `b_to_a`.
    nlohmann::ordered_json json() const;
    std::string text() const;
};

} // namespace transom::tool

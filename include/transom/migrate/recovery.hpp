// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/migrate/error.hpp>

namespace transom::migrate {

/// What has become of a partition whose target was asked whether it has it.
struct Recovery {
    enum class Outcome : std::uint8_t { asking, here, there, in_doubt };
    Outcome outcome = Outcome::asking;
    Failure heard{};        // in_doubt: instead of an answer
    bool ran_there = false; // in_doubt: that is known, and the target lacks some of its memory
};

} // namespace transom::migrate

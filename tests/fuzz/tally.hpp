// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <transom/hcall/counters.hpp>
#include <transom/hcall/outcome.hpp>

namespace transom::hcall_fuzz {

/// What the calls came to: whether the grammar gets anywhere is to be seen, and not to be believed.
struct Tally {
    std::array<std::uint64_t, hcall::row_limit> made{};
    std::array<std::uint64_t, hcall::row_limit> succeeded{};
    std::uint64_t missing = 0; // calls that had to be made again

    void add(std::uint64_t token, hcall::Outcome outcome);
    /// Two lines: how many, and which calls never came to H_SUCCESS.
    std::string text() const;
};

} // namespace transom::hcall_fuzz

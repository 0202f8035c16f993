// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace transom::hcall {

/// At least as many as the table of hypervisor calls has rows (asserted there).
constexpr std::size_t counter_count = 64;

/// How often a partition made each call. `by_row` is indexed like hcall::rows().
struct Counters {
    std::array<std::uint64_t, counter_count> by_row{};
    std::uint64_t unknown = 0;       // answered H_FUNCTION
    std::uint64_t problem_state = 0; // answered H_PRIVILEGE
};

} // namespace transom::hcall

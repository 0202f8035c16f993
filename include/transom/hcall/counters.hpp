// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace transom::hcall {

/// More than the table of hypervisor calls has rows (asserted there): the last index stands for what is no call.
constexpr std::size_t row_limit = 96;
constexpr std::size_t unknown_row = row_limit - 1;

/// How often a partition made each call. `by_row` is indexed like hcall::rows(), by unknown_row for tokens that are no call's.
struct Counters {
    std::array<std::uint64_t, row_limit> by_row{};
    std::uint64_t problem_state = 0; // answered H_PRIVILEGE

    constexpr void add(const Counters& other) {
        for (std::size_t i = 0; i < row_limit; ++i)
            by_row[i] += other.by_row[i];
        problem_state += other.problem_state;
    }
};

} // namespace transom::hcall

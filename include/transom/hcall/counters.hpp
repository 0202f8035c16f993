// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace transom::hcall {

/// More than the table of hypervisor calls has rows (asserted there): the last index stands for what is no call.
constexpr std::size_t row_limit = 96;
constexpr std::size_t unknown_row = row_limit - 1;

/// How often a virtual processor, or a partition, made each call. `by_row` is indexed like hcall::rows(), by unknown_row for
/// tokens that are no call's. One virtual processor counts, and anybody may read meanwhile: a load and a store, as without
/// the atomics, but whole ones.
struct Counters {
    std::array<std::uint64_t, row_limit> by_row{};
    std::uint64_t problem_state = 0; // answered H_PRIVILEGE

    [[gnu::always_inline]] static inline void count(std::uint64_t& counter, std::uint64_t by = 1) {
        const std::atomic_ref shared(counter);
        shared.store(shared.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }

    /// Those of somebody who may be counting.
    void add(const Counters& other) {
        // Before C++26 there is no atomic_ref of what is const.
        const auto now = [](const std::uint64_t& counter) {
            return std::atomic_ref(const_cast<std::uint64_t&>(counter)).load(std::memory_order_relaxed);
        };
        for (std::size_t i = 0; i < row_limit; ++i)
            by_row[i] += now(other.by_row[i]);
        problem_state += now(other.problem_state);
    }
};

} // namespace transom::hcall

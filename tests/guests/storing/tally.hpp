// SPDX-License-Identifier: Apache-2.0
// What the processors have done and found.
#pragma once

#include "../common/guest.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace storing {

constexpr unsigned processors = 2;

/// Of one processor, which alone writes it.
struct alignas(128) Tally {
    std::atomic<std::uint64_t> lines{0}, wrong_lines{0}; // lines of 128 bytes looked at; not as they had to be
    std::atomic<std::uint64_t> calls{0};                 // for the page table
    std::atomic<std::uint64_t> looks{0}, wrong_usage{0}; // at an entry's R and C; not as they had to be
    std::atomic<std::uint64_t> wrong_others{0};          // answers and interrupts that had to be others
    std::atomic<std::uint64_t> steps{0};                 // so that it is seen to go on
    std::atomic<std::uint64_t> sleeps{0};
    std::atomic<std::uint64_t> additions{0}; // by larx and stcx.

    static void count(std::atomic<std::uint64_t>& what, std::uint64_t by = 1) {
        what.store(what.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
};
extern std::array<Tally, processors> tallies;
/// The calling processor's.
Tally& tally();

/// The sum over the processors.
std::uint64_t total(std::atomic<std::uint64_t> Tally::*what);

/// Says "storing: BAD <what>" with two numbers, and where; the first few of each processor.
void bad(std::string_view what, std::uint64_t where, std::uint64_t got, std::uint64_t expected);

/// Something else than lines, R and C that has to be so.
void expect(std::string_view what, std::uint64_t where, std::uint64_t got, std::uint64_t expected);

} // namespace storing

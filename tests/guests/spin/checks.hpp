// SPDX-License-Identifier: Apache-2.0
// What a partition that moves from machine to machine must not notice. Each check says what is wrong, or nothing.
#pragma once

#include "../common/guest.hpp"

#include <cstdint>

namespace spin {

/// Says "spin: BAD <what>" with two numbers.
void bad(std::string_view what, std::uint64_t got, std::uint64_t expected);

/// FP, VMX and VSX registers, FPSCR and VSCR hold what the last call left there; the next pattern comes from `seed`.
void check_vectors(std::uint64_t seed);

/// Whether the partition's number is odd; ends the guest where the tree does not say.
bool has_odd_number(const guest::Machine& machine);

/// Every special purpose register that the partition can read: what it may count on keeps its value, and none ever holds a bit
/// of a partition whose number is odd where this one's is even, or the other way round. Interrupts are off.
void set_every_register(bool odd);
void check_every_register();
std::uint64_t registers_checked();

/// So many pages of 64 KiB, each a chain of numbers that begins with its index and generation. One page per call is
/// verified and filled anew.
constexpr std::uint64_t most_pages = 256;
void fill_memory(std::uint64_t pages);
void check_next_page();
std::uint64_t pages_checked();

/// One page reached through the page table and the segment lookaside buffer.
void set_translation(const guest::Machine& machine);
void check_translation(std::uint64_t value);

/// The guest's own instructions and constants.
void remember_image();
void check_image();

} // namespace spin

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/partition/partition.hpp>

namespace arch {

/// Largest number of a logical partition: few, so that a test gets there.
constexpr std::uint32_t max_lpid = 9;

/// Plays a virtual processor's slice: the function that the test gave to the FakeMachine, after the external interrupt was
/// delivered as on the real machine.
void run(transom::partition::Vcpu& vcpu, std::uint64_t slice);

constexpr std::uint32_t second_lpid(std::uint32_t lpid) { return lpid + max_lpid + 1; }

/// Remembered by nobody: the fake machine walks no table by itself.
inline void set_page_table(std::uint32_t, const transom::hpt::TableRoot&) {}

/// Moves the fake clock on.
void idle(std::uint64_t ticks);

} // namespace arch

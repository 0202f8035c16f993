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

/// Remembered by nobody: the fake machine walks no table by itself.
void set_page_table(std::uint32_t lpid, const transom::hpt::HashedPageTable& table);

/// Moves the fake clock on.
void idle(std::uint64_t ticks);

} // namespace arch

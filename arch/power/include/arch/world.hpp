// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/partition/partition.hpp>

namespace arch {

/// Largest number of a logical partition: LPIDR and the partition table of every processor that we run on take it. 0 is the
/// hypervisor.
constexpr std::uint32_t max_lpid = 2047;

/// Runs a virtual processor on this processor until it leaves: its slice is over (`slice` ticks of the time base), it
/// ceded, or its partition stopped. All its registers are in vcpu.registers before and after. A waiting external interrupt
/// is delivered on the way in if it has interrupts enabled.
void run(transom::partition::Vcpu& vcpu, std::uint64_t slice);

/// Puts a partition's page table where the processors find it (POWER9 and later: its partition-table entry; POWER8
/// takes it when a virtual processor is entered).
void set_page_table(std::uint32_t lpid, const transom::hpt::HashedPageTable& table);

/// Sleeps until about `ticks` of the time base have passed, or an interrupt comes.
void idle(std::uint64_t ticks);

} // namespace arch

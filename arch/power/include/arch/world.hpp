// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/partition/partition.hpp>

namespace arch {

/// Largest number of a logical partition: LPIDR and the partition table of every processor that we run on take it, and that of its
/// second page table. 0 is the hypervisor.
constexpr std::uint32_t max_lpid = 1023;

/// By which number processors know a partition's second page table. On POWER8 by the partition's own: SDR1 tells them the table.
std::uint32_t second_lpid(std::uint32_t lpid);

/// Runs a virtual processor on this processor until it leaves: its slice is over (`slice` ticks of the time base), it
/// ceded, or its partition stopped. All its registers are in vcpu.registers before and after. A waiting external interrupt
/// is delivered on the way in if it has interrupts enabled.
void run(transom::partition::Vcpu& vcpu, std::uint64_t slice);

/// Puts a page table where processors that have that LPID find it (POWER9 and later: its partition-table entry; POWER8
/// takes it when a virtual processor is entered). None of them knows a translation from an earlier one any more.
void set_page_table(std::uint32_t lpid, const transom::hpt::TableRoot& table);

/// Sleeps until about `ticks` of the time base have passed, or an interrupt comes.
void idle(std::uint64_t ticks);

} // namespace arch

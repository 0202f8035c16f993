// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The areas that a partition registers for a virtual processor (H_REGISTER_VPA). Fields are big-endian; these are their
/// byte offsets. LoPAR "Per Virtual Processor Area", "Dispatch Trace Log Buffer", "SLB Shadow Buffer".
namespace papr::vpa {

constexpr std::uint64_t smallest = 640;
constexpr std::uint64_t size_offset = 0x04;   // u16
constexpr std::uint64_t status_offset = 0x09; // u8; not in LoPAR: Linux asks it whether processors are shared
constexpr std::uint8_t status_shared = 0x02;
constexpr std::uint64_t home_node_changes_offset = 0x58; // 8 counters of one byte
constexpr std::uint64_t home_node_changes_size = 8;
constexpr std::uint64_t trace_mask_offset = 0xb8; // u8, what the dispatch trace log is to have entries for
constexpr std::uint8_t trace_waits = 0x01;        // cede, confer
constexpr std::uint8_t trace_preempts = 0x02;     // end of a time slice
constexpr std::uint8_t trace_faults = 0x04;       // waits for a page of the partition
constexpr std::uint64_t donation_offset = 0xb9;   // u8, whether others may use a dedicated processor while it waits
constexpr std::uint8_t donation_enabled = 0x01;
constexpr std::uint64_t idle_offset = 0xfe;              // u8, 1: it waits for want of work
constexpr std::uint64_t dispatch_counter_offset = 0x100; // u32, even while dispatched
constexpr std::uint64_t accumulators_offset = 0x104;     // dispersion, faults, expropriated and donated cycles, waits
constexpr std::uint64_t dispersion_offset = 0x104;       // u32, dispatches on another processor than the one before
constexpr std::uint64_t donated_idle_offset =
    0x138; // u64 PURR and u64 SPURR of others on its dedicated processor while idle,
constexpr std::uint64_t donated_busy_offset = 0x148;         // and while it waited otherwise
constexpr std::uint64_t enqueued_to_dispatch_offset = 0x158; // u64, time base ticks, as the two that follow
constexpr std::uint64_t ready_to_enqueued_offset = 0x160;    // u64
constexpr std::uint64_t waiting_to_ready_offset = 0x168;     // u64
constexpr std::uint64_t accumulators_size = 0x170 - accumulators_offset;
constexpr std::uint64_t trace_index_offset = 0x218; // u64, entries ever made in the dispatch trace log

/// No area but the dispatch trace log crosses a multiple of this.
constexpr std::uint64_t boundary = 4096;
/// Where areas begin: a multiple of the cache line.
constexpr std::uint64_t alignment = 128;

} // namespace papr::vpa

namespace papr::slb_shadow {
constexpr std::uint64_t smallest = 8;
constexpr std::uint64_t size_offset = 0x04; // u32
} // namespace papr::slb_shadow

namespace papr::dispatch_log {
constexpr std::uint64_t size_offset = 0x04; // u32, overwritten by the first entry
constexpr std::uint64_t entry_size = 48;    // also the smallest log

// One entry.
constexpr std::uint64_t dispatch_reason_offset = 0x00; // u8
constexpr std::uint8_t for_its_time_slice = 7;
constexpr std::uint64_t preempt_reason_offset = 0x01;       // u8
constexpr std::uint64_t processor_offset = 0x02;            // u16, the one that it was dispatched on
constexpr std::uint64_t enqueued_to_dispatch_offset = 0x04; // u32, time base ticks, as the two that follow
constexpr std::uint64_t ready_to_enqueued_offset = 0x08;    // u32
constexpr std::uint64_t waiting_to_ready_offset = 0x0c;     // u32
constexpr std::uint64_t timebase_offset = 0x10;             // u64
constexpr std::uint64_t fault_offset =
    0x18; // u64, the logical address that it waited for; only where a page was missing
constexpr std::uint64_t srr0_offset = 0x20; // u64
constexpr std::uint64_t srr1_offset = 0x28; // u64
} // namespace papr::dispatch_log

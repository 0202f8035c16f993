// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <transom/base/address.hpp>
#include <transom/memory/logical_memory.hpp>

namespace transom::partition {

struct Vcpu;

/// Why a virtual processor stopped running, as a dispatch trace log entry says it. LoPAR "Dispatch trace log".
enum class PreemptReason : std::uint8_t {
    none = 0,
    firmware = 1,
    cede = 2,
    confer = 3,
    end_of_slice = 4,
    migration_fault = 5,
};

enum class Area : std::uint8_t { vpa, slb_shadow, dispatch_log };

/// Whether H_REGISTER_VPA lets a partition with this memory register the range as that area: place and size.
bool may_register(Area area, LogicalRange range, const memory::LogicalMemory& memory);

/// The memory areas that a partition registered for one virtual processor (H_REGISTER_VPA). An empty range: not
/// registered. All of it is state that moves with the partition.
struct PerProcessorAreas {
    LogicalRange vpa;          // virtual processor area
    LogicalRange slb_shadow;   // SLB shadow buffer
    LogicalRange dispatch_log; // dispatch trace log
    /// The VPA's dispatch counter, ours, never read back: even while the processor runs, odd while it waits.
    std::uint32_t dispatch_counter = 1;
    /// Entries written to the dispatch trace log since it was registered.
    std::uint64_t dispatch_log_index = 0;
    /// Why and when (the partition's time base) it stopped running; for the next entry of the log.
    PreemptReason preempt_reason = PreemptReason::none;
    std::uint64_t preempt_time = 0;
};

/// Tells the partition, through the areas it registered, that a virtual processor is about to run, or has stopped.
/// Called at every change between the two, in pairs. `timebase` is the partition's. On `missing` nothing has changed:
/// fetch the page and call again.
std::expected<void, memory::AccessError> dispatched(Vcpu& vcpu, std::uint64_t timebase);
std::expected<void, memory::AccessError> preempted(Vcpu& vcpu, PreemptReason reason, std::uint64_t timebase);

} // namespace transom::partition

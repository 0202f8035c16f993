// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
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
    /// Where the page begins that it needed and that was not here, by the partition's logical (real) address: a multiple of the granule by
    /// which its memory comes. Zero but for PreemptReason::migration_fault.
    LogicalAddr preempt_fault{};
    /// The processor that it ran on last, in this machine's numbering; nothing where it has not run here yet.
    std::optional<std::uint16_t> last_processor{};
};

/// A virtual processor's way to a processor. Times are the partition's time base.
struct Dispatch {
    std::uint64_t ready = 0;     // since when it wanted to run
    std::uint64_t queued = 0;    // since when it waited for nothing but a free processor
    std::uint64_t now = 0;       // when it got one
    std::uint64_t lent = 0;      // ticks that others have run on its dedicated processor since it ran
    std::uint16_t processor = 0; // which
};

/// Whether its partition lets others use its dedicated processor while it waits, as the VPA says.
bool donates(const Vcpu& vcpu);

/// Tells the partition, through the areas it registered, that a virtual processor is about to run, or has stopped.
/// Called at every change between the two, in pairs. `timebase` is the partition's. On `missing` nothing has changed:
/// fetch the page and call again. `fault` is what PreemptReason::migration_fault is about, PerProcessorAreas::preempt_fault.
std::expected<void, memory::AccessError> dispatched(Vcpu& vcpu, const Dispatch& how);
std::expected<void, memory::AccessError> preempted(Vcpu& vcpu, PreemptReason reason, std::uint64_t timebase,
                                                   LogicalAddr fault = {});

} // namespace transom::partition

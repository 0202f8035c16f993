// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <papr/vpa.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/partition/partition.hpp>
#include <transom/partition/vpa.hpp>

namespace transom::partition {
namespace {

/// Whether the log's enable mask, which the partition may change at any time, asks for entries after such a stop.
bool traced(PreemptReason reason, std::uint8_t mask) {
    switch (reason) {
    case PreemptReason::cede:
    case PreemptReason::confer:
        return mask & papr::vpa::trace_waits;
    case PreemptReason::end_of_slice:
    case PreemptReason::firmware:
        return mask & papr::vpa::trace_preempts;
    case PreemptReason::migration_fault:
        return mask & papr::vpa::trace_faults;
    case PreemptReason::none:
        return false;
    }
    return false;
}

std::uint32_t delta(std::uint64_t ticks) { return static_cast<std::uint32_t>(ticks > 0xffffffff ? 0xffffffff : ticks); }

std::expected<void, memory::AccessError> write_log_entry(Vcpu& vcpu, std::uint64_t timebase) {
    PerProcessorAreas& areas = vcpu.areas;
    memory::LogicalMemory& memory = vcpu.partition->memory;
    const auto mask = memory.load<Be<std::uint8_t>>(areas.vpa.begin + papr::vpa::trace_mask_offset);
    if (!mask)
        return std::unexpected(mask.error());
    if (!traced(areas.preempt_reason, *mask))
        return {};
    namespace log = papr::dispatch_log;
    std::array<std::byte, log::entry_size> entry{};
    entry[log::dispatch_reason_offset] = std::byte{log::for_its_time_slice};
    entry[log::preempt_reason_offset] = static_cast<std::byte>(areas.preempt_reason);
    store_be(&entry[log::enqueued_to_dispatch_offset], delta(timebase - areas.preempt_time));
    store_be(&entry[log::timebase_offset], timebase);
    store_be(&entry[log::srr0_offset], vcpu.registers.nip);
    store_be(&entry[log::srr1_offset], vcpu.registers.msr);
    const std::uint64_t entries = areas.dispatch_log.size / entry.size();
    const LogicalAddr place = areas.dispatch_log.begin + areas.dispatch_log_index % entries * entry.size();
    if (const auto done = memory.write(place, entry); !done)
        return done;
    const Be<std::uint64_t> index = areas.dispatch_log_index + 1;
    if (const auto done = memory.store(areas.vpa.begin + papr::vpa::trace_index_offset, index); !done)
        return done;
    areas.dispatch_log_index = index;
    return {};
}

/// Moves the dispatch counter on to an even or an odd number.
std::expected<void, memory::AccessError> count(Vcpu& vcpu, std::uint32_t parity) {
    PerProcessorAreas& areas = vcpu.areas;
    const std::uint32_t next = areas.dispatch_counter + 1 + ((areas.dispatch_counter + 1) % 2 != parity ? 1 : 0);
    if (!areas.vpa.empty()) {
        const Be<std::uint32_t> value = next;
        if (const auto done = vcpu.partition->memory.store(areas.vpa.begin + papr::vpa::dispatch_counter_offset, value);
            !done)
            return done;
    }
    areas.dispatch_counter = next;
    return {};
}

Bytes smallest(Area area) {
    switch (area) {
    case Area::vpa:
        return papr::vpa::smallest;
    case Area::slb_shadow:
        return papr::slb_shadow::smallest;
    case Area::dispatch_log:
        return papr::dispatch_log::entry_size;
    }
    return ~Bytes{0};
}

bool crosses(LogicalRange range, Bytes boundary) {
    return range.begin.align_down(boundary) != (range.end() - 1).align_down(boundary);
}

} // namespace

bool may_register(Area area, LogicalRange range, const memory::LogicalMemory& memory) {
    return range.begin.aligned(papr::vpa::alignment) && range.size >= smallest(area) &&
           memory.contains(range.begin, range.size) &&
           (area == Area::dispatch_log || !crosses(range, papr::vpa::boundary));
}

std::expected<void, memory::AccessError> dispatched(Vcpu& vcpu, std::uint64_t timebase) {
    // The entry first: made twice after a missing page it lands in the same place, the counter would not.
    if (!vcpu.areas.dispatch_log.empty() && vcpu.areas.preempt_reason != PreemptReason::none)
        if (const auto done = write_log_entry(vcpu, timebase); !done)
            return done;
    vcpu.areas.preempt_reason = PreemptReason::none;
    return count(vcpu, 0);
}

std::expected<void, memory::AccessError> preempted(Vcpu& vcpu, PreemptReason reason, std::uint64_t timebase) {
    if (const auto done = count(vcpu, 1); !done)
        return done;
    vcpu.areas.preempt_reason = reason;
    vcpu.areas.preempt_time = timebase;
    return {};
}

} // namespace transom::partition

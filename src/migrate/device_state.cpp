// SPDX-License-Identifier: Apache-2.0
#include "payload.hpp"
#include <transom/migrate/partition_state.hpp>
#include <transom/migrate/record.hpp>
#include <transom/partition/create.hpp>

namespace transom::migrate {

namespace {

RangeRecord encode(const LogicalRange& range) { return {range.begin.value, range.size}; }

LogicalRange decode(const RangeRecord& range) { return {{range.begin}, range.size}; }

/// Why it stopped running, and what for: a page of its own, or no page.
bool possible_stop(const AreasRecord& record, const partition::Partition& partition) {
    constexpr auto fault = static_cast<std::uint8_t>(partition::PreemptReason::migration_fault);
    const LogicalAddr page{record.preempt_fault};
    return record.preempt_reason == fault
               ? partition.memory.contains(page, partition.granule) && page.aligned(partition.granule)
               : record.preempt_reason < fault && page.value == 0;
}

/// Areas as H_REGISTER_VPA lets them be: each absent or as it may be registered, and none without the VPA.
bool possible(const AreasRecord& record, const memory::LogicalMemory& memory) {
    using partition::Area;
    const auto fits = [&](Area area, const RangeRecord& range) {
        return range.size == 0 ? range.begin == 0 : may_register(area, decode(range), memory);
    };
    return fits(Area::vpa, record.vpa) && fits(Area::slb_shadow, record.slb_shadow) &&
           fits(Area::dispatch_log, record.dispatch_log) &&
           (record.vpa.size != 0 || (record.slb_shadow.size == 0 && record.dispatch_log.size == 0));
}

template <std::size_t capacity> void put_ring(PayloadWriter& out, const vio::ByteRing<capacity>& ring) {
    for (std::uint32_t i = 0; i < ring.count; ++i)
        out.put(ring.bytes[(ring.first + i) % capacity]);
}

template <std::size_t capacity> void take_ring(std::span<const std::byte> from, vio::ByteRing<capacity>& ring) {
    ring = {};
    ring.push({reinterpret_cast<const std::uint8_t*>(from.data()), from.size()});
}

} // namespace

std::size_t encode_partition(const partition::Partition& partition, std::span<std::byte> to) {
    PartitionRecord record;
    record.vcpus = partition.vcpu_count;
    record.clock_nanoseconds = partition.clock.base.nanoseconds;
    record.clock_seconds = partition.clock.base.seconds;
    record.clock_base = partition.clock.base_ticks;
    record.terminals = partition.terminal_count;
    record.rights =
        (partition.sees_pool ? right_pool_idle_count : 0) | (partition.keeps_place ? right_to_its_place : 0);
    PayloadWriter out(to);
    out.put(record);
    return out.size();
}

std::expected<void, Failure> decode_partition(std::span<const std::byte> payload, partition::Partition& partition) {
    if (payload.size() != sizeof(PartitionRecord))
        return std::unexpected(failure(MoveError::record_length, "partition has {} bytes", payload.size()));
    const auto record = element<PartitionRecord>(payload, 0);
    if (record.vcpus != partition.vcpu_count)
        return std::unexpected(failure(MoveError::record_content, "partition has {} virtual processors, hello had {}",
                                       std::uint32_t{record.vcpus}, partition.vcpu_count));
    if (record.clock_nanoseconds >= 1'000'000'000 || record.clock_seconds > partition::last_second)
        return std::unexpected(failure(MoveError::record_content, "partition has a time of day that can not be"));
    if (record.terminals < 1 || record.terminals > vio::max_terminals || (record.rights & ~all_rights) != 0)
        return std::unexpected(failure(MoveError::record_content, "partition has {} terminals and rights {:#x}",
                                       std::uint32_t{record.terminals}, std::uint32_t{record.rights}));
    partition::set_terminals(partition, record.terminals);
    partition.sees_pool = (record.rights & right_pool_idle_count) != 0;
    partition.keeps_place = (record.rights & right_to_its_place) != 0;
    partition.clock.base_ticks = record.clock_base;
    partition.clock.base = {record.clock_seconds, record.clock_nanoseconds};
    return {};
}

std::size_t encode_areas(const partition::Vcpu& vcpu, std::span<std::byte> to) {
    const partition::PerProcessorAreas& areas = vcpu.areas;
    AreasRecord record;
    record.vcpu = vcpu.index;
    record.cppr = vcpu.presentation.cppr;
    record.mfrr = vcpu.presentation.mfrr;
    record.preempt_reason = static_cast<std::uint8_t>(areas.preempt_reason);
    record.vpa = encode(areas.vpa);
    record.slb_shadow = encode(areas.slb_shadow);
    record.dispatch_log = encode(areas.dispatch_log);
    record.dispatch_counter = areas.dispatch_counter;
    record.dispatch_log_index = areas.dispatch_log_index;
    record.preempt_time = areas.preempt_time;
    record.preempt_fault = areas.preempt_fault.value;
    PayloadWriter out(to);
    out.put(record);
    return out.size();
}

std::expected<VcpuIndex, Failure> decode_areas(std::span<const std::byte> payload, partition::Partition& partition) {
    if (payload.size() != sizeof(AreasRecord))
        return std::unexpected(failure(MoveError::record_length, "areas has {} bytes", payload.size()));
    const auto record = element<AreasRecord>(payload, 0);
    const VcpuIndex index = record.vcpu;
    if (index >= partition.vcpu_count || record.zero != 0 || record.zero2 != 0 || !possible_stop(record, partition) ||
        !possible(record, partition.memory))
        return std::unexpected(failure(MoveError::record_content, "areas of vcpu {} can not be", index));
    partition::Vcpu& vcpu = partition.vcpus[index];
    vcpu.presentation.cppr = record.cppr;
    vcpu.presentation.mfrr = record.mfrr;
    vcpu.areas.vpa = decode(record.vpa);
    vcpu.areas.slb_shadow = decode(record.slb_shadow);
    vcpu.areas.dispatch_log = decode(record.dispatch_log);
    vcpu.areas.dispatch_counter = record.dispatch_counter;
    vcpu.areas.dispatch_log_index = record.dispatch_log_index;
    vcpu.areas.preempt_reason = static_cast<partition::PreemptReason>(record.preempt_reason);
    vcpu.areas.preempt_time = record.preempt_time;
    vcpu.areas.preempt_fault = {record.preempt_fault};
    return index;
}

std::size_t encode_interrupts(const interrupt::Sources& sources, std::span<std::byte> to) {
    PayloadWriter out(to);
    out.put(InterruptsRecord{static_cast<std::uint32_t>(sources.table.size()), {}});
    for (std::size_t i = 0; i < sources.table.size(); ++i) {
        const interrupt::Source& source = sources.table[i];
        SourceRecord record;
        record.number = interrupt::first_source + static_cast<std::uint32_t>(i);
        record.server = source.server;
        record.trigger = static_cast<std::uint8_t>(source.trigger);
        record.priority = source.priority;
        record.enabled = source.enabled;
        record.pending = source.pending;
        record.in_service = source.in_service;
        out.put(record);
    }
    return out.size();
}

std::expected<void, Failure> decode_interrupts(std::span<const std::byte> payload, partition::Partition& partition) {
    auto& table = partition.sources.table;
    if (payload.size() != sizeof(InterruptsRecord) + table.size() * sizeof(SourceRecord))
        return std::unexpected(failure(MoveError::record_length, "interrupts has {} bytes", payload.size()));
    const auto header = element<InterruptsRecord>(payload, 0);
    if (header.count != table.size() || header.zero != 0)
        return std::unexpected(failure(MoveError::record_content, "interrupts has {} sources, not {}",
                                       std::uint32_t{header.count}, table.size()));
    for (std::size_t i = 0; i < table.size(); ++i) {
        const auto record = element<SourceRecord>(payload.subspan(sizeof header), i);
        if (record.number != interrupt::first_source + i || record.server >= partition.vcpu_count ||
            record.trigger != static_cast<std::uint8_t>(table[i].trigger) || record.pending > 1 || record.enabled > 1 ||
            record.in_service > 1 || record.zero != std::array<std::uint8_t, 3>{})
            return std::unexpected(failure(MoveError::record_content,
                                           "interrupt source {:#x} has a state that can not be",
                                           std::uint32_t{record.number}));
        table[i] = {table[i].trigger, // which devices there are is known by now
                    record.priority,  record.enabled != 0, record.server, record.pending != 0, record.in_service != 0};
    }
    return {};
}

std::size_t encode_terminal(const partition::Partition& partition, TerminalIndex index, std::span<std::byte> to) {
    const vio::Terminal& terminal = partition.terminals[index];
    PayloadWriter out(to);
    out.put(TerminalRecord{index, {}, terminal.output.count, terminal.input.count});
    put_ring(out, terminal.output);
    put_ring(out, terminal.input);
    return out.size();
}

std::expected<TerminalIndex, Failure> decode_terminal(std::span<const std::byte> payload,
                                                      partition::Partition& partition) {
    if (payload.size() < sizeof(TerminalRecord))
        return std::unexpected(failure(MoveError::record_length, "terminal has {} bytes", payload.size()));
    const auto record = element<TerminalRecord>(payload, 0);
    const TerminalIndex index = record.index;
    if (index >= partition.terminal_count || record.zero != 0)
        return std::unexpected(failure(MoveError::record_content, "there is no terminal {}", index));
    vio::Terminal& terminal = partition.terminals[index];
    if (record.output > terminal.output.bytes.size() || record.input > terminal.input.bytes.size())
        return std::unexpected(failure(MoveError::record_content, "terminal holds more than fits here"));
    const auto bytes = payload.subspan(sizeof record);
    if (bytes.size() != std::size_t{record.output} + record.input)
        return std::unexpected(failure(MoveError::record_length, "terminal has {} bytes", payload.size()));
    take_ring(bytes.first(record.output), terminal.output);
    take_ring(bytes.subspan(record.output), terminal.input);
    return index;
}

} // namespace transom::migrate

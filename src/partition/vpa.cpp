// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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

/// Where the time went since it stopped running. LoPAR "Dispatch trace log".
struct Waits {
    std::uint64_t waiting_to_ready = 0;     // it wanted nothing
    std::uint64_t ready_to_enqueued = 0;    // its partition had used up its share of the window
    std::uint64_t enqueued_to_dispatch = 0; // others had the processors
};

std::uint64_t between(std::uint64_t begin, std::uint64_t end) { return begin < end ? end - begin : 0; }

Waits waits(const PerProcessorAreas& areas, const Dispatch& how) {
    if (areas.preempt_reason == PreemptReason::none)
        return {}; // its first time
    const bool wanted_to_run =
        areas.preempt_reason != PreemptReason::cede && areas.preempt_reason != PreemptReason::confer;
    const std::uint64_t stopped = areas.preempt_time;
    const std::uint64_t ready = wanted_to_run ? stopped : std::clamp(how.ready, stopped, std::max(stopped, how.now));
    Waits result{.waiting_to_ready = ready - stopped, .ready_to_enqueued = between(how.ready, how.queued)};
    result.enqueued_to_dispatch = between(ready + result.ready_to_enqueued, how.now);
    return result;
}

std::uint32_t delta(std::uint64_t ticks) { return static_cast<std::uint32_t>(ticks > 0xffffffff ? 0xffffffff : ticks); }

/// Whether there is one more entry.
std::expected<bool, memory::AccessError> write_log_entry(Vcpu& vcpu, const Dispatch& how, const Waits& waits) {
    PerProcessorAreas& areas = vcpu.areas;
    memory::LogicalMemory& memory = vcpu.partition->memory;
    if (areas.dispatch_log.empty() || areas.preempt_reason == PreemptReason::none)
        return false;
    const auto mask = memory.load<Be<std::uint8_t>>(areas.vpa.begin + papr::vpa::trace_mask_offset);
    if (!mask)
        return std::unexpected(mask.error());
    if (!traced(areas.preempt_reason, *mask))
        return false;
    namespace log = papr::dispatch_log;
    std::array<std::byte, log::entry_size> entry{};
    entry[log::dispatch_reason_offset] = std::byte{log::for_its_time_slice};
    entry[log::preempt_reason_offset] = static_cast<std::byte>(areas.preempt_reason);
    store_be(&entry[log::processor_offset], how.processor);
    store_be(&entry[log::enqueued_to_dispatch_offset], delta(waits.enqueued_to_dispatch));
    store_be(&entry[log::ready_to_enqueued_offset], delta(waits.ready_to_enqueued));
    store_be(&entry[log::waiting_to_ready_offset], delta(waits.waiting_to_ready));
    store_be(&entry[log::timebase_offset], how.now);
    store_be(&entry[log::fault_offset], areas.preempt_fault.value);
    store_be(&entry[log::srr0_offset], vcpu.registers.nip);
    store_be(&entry[log::srr1_offset], vcpu.registers.msr);
    const std::uint64_t entries = areas.dispatch_log.size / entry.size();
    const LogicalAddr place = areas.dispatch_log.begin + areas.dispatch_log_index % entries * entry.size();
    if (const auto done = memory.write(place, entry); !done)
        return std::unexpected(done.error());
    const Be<std::uint64_t> index = areas.dispatch_log_index + 1;
    if (const auto done = memory.store(areas.vpa.begin + papr::vpa::trace_index_offset, index); !done)
        return std::unexpected(done.error());
    return true;
}

/// Adds to one of the sums that the VPA keeps. They are the partition's: what it writes there it reads later, and nothing is
/// decided by them.
template <class T>
std::expected<void, memory::AccessError> add(Vcpu& vcpu, std::uint64_t offset, std::uint64_t amount) {
    if (amount == 0)
        return {};
    memory::LogicalMemory& memory = vcpu.partition->memory;
    const LogicalAddr place = vcpu.areas.vpa.begin + offset;
    const auto before = memory.load<Be<T>>(place);
    if (!before)
        return std::unexpected(before.error());
    return memory.store(place, Be<T>(static_cast<T>(*before + amount)));
}

/// Both sums that stand for ticks others have had of its dedicated processor: by PURR and by SPURR, which count alike.
std::expected<void, memory::AccessError> add_donated(Vcpu& vcpu, std::uint64_t lent) {
    if (lent == 0)
        return {};
    const auto idle = vcpu.partition->memory.load<Be<std::uint8_t>>(vcpu.areas.vpa.begin + papr::vpa::idle_offset);
    if (!idle)
        return std::unexpected(idle.error());
    const std::uint64_t sums = *idle == 1 ? papr::vpa::donated_idle_offset : papr::vpa::donated_busy_offset;
    const auto done = add<std::uint64_t>(vcpu, sums, lent);
    return done ? add<std::uint64_t>(vcpu, sums + sizeof(std::uint64_t), lent) : done;
}

/// A VPA lies within one page: only the first access can find it missing, and then nothing has been added yet.
std::expected<void, memory::AccessError> add_waits(Vcpu& vcpu, const Dispatch& how, const Waits& waits) {
    if (vcpu.areas.vpa.empty())
        return {};
    const bool elsewhere = vcpu.areas.last_processor && *vcpu.areas.last_processor != how.processor;
    auto done = add<std::uint64_t>(vcpu, papr::vpa::enqueued_to_dispatch_offset, waits.enqueued_to_dispatch);
    if (done)
        done = add<std::uint64_t>(vcpu, papr::vpa::ready_to_enqueued_offset, waits.ready_to_enqueued);
    if (done)
        done = add<std::uint64_t>(vcpu, papr::vpa::waiting_to_ready_offset, waits.waiting_to_ready);
    if (done)
        done = add<std::uint32_t>(vcpu, papr::vpa::dispersion_offset, elsewhere ? 1 : 0);
    if (done)
        done = add_donated(vcpu, how.lent);
    return done;
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

bool donates(const Vcpu& vcpu) {
    if (vcpu.areas.vpa.empty())
        return false;
    const auto said = vcpu.partition->memory.load<Be<std::uint8_t>>(vcpu.areas.vpa.begin + papr::vpa::donation_offset);
    return said && (*said & papr::vpa::donation_enabled) != 0; // where the page is not here, nobody runs
}

std::expected<void, memory::AccessError> dispatched(Vcpu& vcpu, const Dispatch& how) {
    PerProcessorAreas& areas = vcpu.areas;
    const Waits waited = waits(areas, how);
    // The entry first: made twice after a missing page it lands in the same place, the sums would not.
    const auto logged = write_log_entry(vcpu, how, waited);
    if (!logged)
        return std::unexpected(logged.error());
    if (const auto done = add_waits(vcpu, how, waited); !done)
        return done;
    if (const auto done = count(vcpu, 0); !done)
        return done;
    areas.dispatch_log_index += *logged ? 1 : 0;
    areas.preempt_reason = PreemptReason::none;
    areas.last_processor = how.processor;
    return {};
}

std::expected<void, memory::AccessError> preempted(Vcpu& vcpu, PreemptReason reason, std::uint64_t timebase,
                                                   LogicalAddr fault) {
    if (const auto done = count(vcpu, 1); !done)
        return done;
    vcpu.areas.preempt_reason = reason;
    vcpu.areas.preempt_time = timebase;
    vcpu.areas.preempt_fault = reason == PreemptReason::migration_fault ? fault : LogicalAddr{};
    return {};
}

} // namespace transom::partition

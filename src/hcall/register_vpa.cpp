// SPDX-License-Identifier: Apache-2.0
#include <papr/vpa.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/base/bits.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using memory::AccessError;
using papr::Status;
using partition::Area;
using partition::may_register;
using partition::Vcpu;

/// The outcome of a call that could not read or write the partition's memory.
Outcome failed(AccessError error) {
    return error == AccessError::missing ? Outcome::missing() : Outcome(Status::parameter);
}

Outcome register_vpa(Vcpu& caller, Vcpu& target, LogicalAddr address) {
    memory::LogicalMemory& memory = caller.partition->memory;
    const auto size = memory.load<Be<std::uint16_t>>(address + papr::vpa::size_offset);
    if (!size)
        return failed(size.error());
    const LogicalRange range{address, *size};
    if (!may_register(Area::vpa, range, memory))
        return Status::parameter;
    const auto status = memory.load<Be<std::uint8_t>>(address + papr::vpa::status_offset);
    if (!status)
        return failed(status.error());
    // Whoever calls runs, so its count is even.
    const std::uint32_t counter =
        target.areas.dispatch_counter + (&caller == &target && target.areas.dispatch_counter % 2 != 0 ? 1 : 0);
    const bool is_shared = !caller.partition->share.claim.dedicated();
    const Be<std::uint8_t> shared =
        static_cast<std::uint8_t>((*status & ~papr::vpa::status_shared) | (is_shared ? papr::vpa::status_shared : 0));
    // What only the hypervisor writes begins at zero, the index of a log that is registered where it is.
    for (const LogicalRange counters :
         {LogicalRange{address + papr::vpa::home_node_changes_offset, papr::vpa::home_node_changes_size},
          LogicalRange{address + papr::vpa::accumulators_offset, papr::vpa::accumulators_size}})
        if (const auto done = memory.clear(counters.begin, counters.size); !done)
            return failed(done.error());
    const Be<std::uint64_t> index = target.areas.dispatch_log.empty() ? 0 : target.areas.dispatch_log_index;
    if (const auto done = memory.store(address + papr::vpa::trace_index_offset, index); !done)
        return failed(done.error());
    if (const auto done = memory.store(address + papr::vpa::status_offset, shared); !done)
        return failed(done.error());
    if (const auto done = memory.store(address + papr::vpa::dispatch_counter_offset, Be<std::uint32_t>(counter)); !done)
        return failed(done.error());
    target.areas.dispatch_counter = counter;
    target.areas.vpa = range;
    return Status::success;
}

Outcome register_dispatch_log(Vcpu& caller, Vcpu& target, LogicalAddr address) {
    memory::LogicalMemory& memory = caller.partition->memory;
    const auto size = memory.load<Be<std::uint32_t>>(address + papr::dispatch_log::size_offset);
    if (!size)
        return failed(size.error());
    const LogicalRange range{address, *size};
    if (!may_register(Area::dispatch_log, range, memory))
        return Status::parameter;
    if (target.areas.vpa.empty())
        return Status::resource;
    const auto done = memory.store(target.areas.vpa.begin + papr::vpa::trace_index_offset, Be<std::uint64_t>(0));
    if (!done)
        return failed(done.error());
    target.areas.dispatch_log = range;
    target.areas.dispatch_log_index = 0;
    return Status::success;
}

Outcome register_slb_shadow(Vcpu& caller, Vcpu& target, LogicalAddr address) {
    const memory::LogicalMemory& memory = caller.partition->memory;
    const auto size = memory.load<Be<std::uint32_t>>(address + papr::slb_shadow::size_offset);
    if (!size)
        return failed(size.error());
    const LogicalRange range{address, *size};
    if (!may_register(Area::slb_shadow, range, memory))
        return Status::parameter;
    if (target.areas.vpa.empty())
        return Status::resource;
    target.areas.slb_shadow = range;
    return Status::success;
}

Outcome deregister_vpa(Vcpu& target) {
    if (!target.areas.dispatch_log.empty() || !target.areas.slb_shadow.empty())
        return Status::resource;
    target.areas.vpa = {};
    return Status::success;
}

} // namespace

Outcome h_register_vpa(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    const std::uint64_t flags = gpr[4];
    const std::uint64_t function = ibm_field(flags, 16, 18);
    const LogicalAddr address{gpr[6]};
    if ((flags & ~ibm_mask(16, 18)) || function % 4 == 0 || gpr[5] >= vcpu.partition->vcpu_count)
        return Status::parameter;
    Vcpu& target = vcpu.partition->vcpus[gpr[5]];
    const Locked events(vcpu.partition->events);
    switch (function) {
    case 1:
        return register_vpa(vcpu, target, address);
    case 2:
        return register_dispatch_log(vcpu, target, address);
    case 3:
        return register_slb_shadow(vcpu, target, address);
    case 5:
        return deregister_vpa(target);
    case 6:
        target.areas.dispatch_log = {};
        return Status::success;
    default: // 7
        target.areas.slb_shadow = {};
        return Status::success;
    }
}

} // namespace transom::hcall

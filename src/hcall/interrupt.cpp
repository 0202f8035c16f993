// SPDX-License-Identifier: Apache-2.0
#include "settle.hpp"
#include <arch/clock.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Status;
using partition::Vcpu;

Vcpu* server(Vcpu& vcpu, std::uint64_t number) {
    return number < vcpu.partition->vcpu_count ? &vcpu.partition->vcpus[number] : nullptr;
}

} // namespace

Outcome h_xirr(Vcpu& vcpu) {
    const Locked events(vcpu.partition->events);
    vcpu.registers.gpr[4] = vcpu.presentation.accept(vcpu.partition->sources, vcpu.index);
    // Taking it raised the CPPR to its priority, so nothing can be delivered now.
    partition::withdraw_external(vcpu);
    return Status::success;
}

// The argument, the caller's own idea of its CPPR, tells us nothing new: ours is never stale.
Outcome h_xirr_x(Vcpu& vcpu) {
    vcpu.registers.gpr[5] = arch::timebase() + vcpu.partition->timebase_offset;
    return h_xirr(vcpu);
}

Outcome h_cppr(Vcpu& vcpu) {
    const Locked events(vcpu.partition->events);
    vcpu.presentation.cppr = static_cast<interrupt::Priority>(vcpu.registers.gpr[4]);
    return settle(vcpu);
}

Outcome h_eoi(Vcpu& vcpu) {
    const auto xirr = static_cast<std::uint32_t>(vcpu.registers.gpr[4]);
    const std::uint32_t source = xirr & 0xffffff;
    const Locked events(vcpu.partition->events);
    if (source != interrupt::ipi_source && vcpu.partition->sources.find(source) == nullptr)
        return Status::parameter;
    if (xirr >> 24 < vcpu.presentation.cppr) // more favoured than now
        return Status::parameter;
    vcpu.presentation.end(vcpu.partition->sources, xirr);
    return settle(vcpu);
}

Outcome h_ipi(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    Vcpu* target = server(vcpu, gpr[4]);
    if (target == nullptr)
        return Status::parameter;
    bool pending;
    {
        const Locked events(vcpu.partition->events);
        target->presentation.mfrr = static_cast<interrupt::Priority>(gpr[5]);
        pending = partition::external_pending(*target);
        if (target == &vcpu)
            partition::withdraw_external(vcpu);
    }
    if (!pending)
        return Status::success;
    // Whether it is delivered, or wakes a processor that waits, is found out by who runs it, or may run it next.
    partition::alert(*target);
    return Outcome::yield();
}

Outcome h_ipoll(Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    const Vcpu* target = server(vcpu, gpr[4]);
    if (target == nullptr)
        return Status::parameter;
    const Locked events(vcpu.partition->events);
    const auto delivered = target->presentation.delivered(vcpu.partition->sources, target->index);
    gpr[4] = std::uint64_t{target->presentation.cppr} << 24 | delivered.source;
    gpr[5] = target->presentation.mfrr;
    return Status::success;
}

} // namespace transom::hcall

// SPDX-License-Identifier: Apache-2.0
#include "settle.hpp"
#include <arch/guest_spr.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Status;
using partition::Vcpu;
using partition::VcpuState;

/// Waits until something wakes the caller, or goes on at once where it was prodded before.
Outcome wait(Vcpu& vcpu) {
    if (vcpu.prodded) {
        vcpu.prodded = false;
        return settle(vcpu);
    }
    vcpu.state = VcpuState::ceded;
    return Outcome::yield();
}

/// Entitled capacity in hundredths of a processor: each virtual processor is worth a whole one, and no more.
std::uint64_t entitlement(const Vcpu& vcpu) { return 100 * vcpu.partition->vcpu_count; }

} // namespace

Outcome h_cede(Vcpu& vcpu) {
    vcpu.registers.msr |= partition::msr::ee;
    return wait(vcpu);
}

// Changes no register but r3.
Outcome h_confer(Vcpu& vcpu) {
    const std::uint64_t target = vcpu.registers.gpr[4];
    const auto dispatch = static_cast<std::uint32_t>(vcpu.registers.gpr[5]);
    constexpr std::uint64_t all = ~std::uint64_t{0};
    if (target == all || target == (all >> 32)) // an int32, extended or not
        return Outcome::yield();
    if (target >= vcpu.partition->vcpu_count)
        return Status::parameter;
    if (target == vcpu.index)
        return wait(vcpu); // until prodded; MSR[EE] decides whether interrupts wake it too
    const std::uint32_t counter = vcpu.partition->vcpus[target].areas.dispatch_counter;
    if (counter != dispatch || counter % 2 == 0)
        return Status::success; // it ran since the caller looked, or runs now
    return Outcome::yield();
}

// Changes no register but r3.
Outcome h_prod(Vcpu& vcpu) {
    const std::uint64_t number = vcpu.registers.gpr[4];
    if (number >= vcpu.partition->vcpu_count)
        return Status::parameter;
    Vcpu& target = vcpu.partition->vcpus[number];
    if (target.state != VcpuState::ceded) {
        target.prodded = true; // for its next wait
        return Status::success;
    }
    target.state = VcpuState::ready;
    return Outcome::yield();
}

Outcome h_get_ppp(Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    const std::uint64_t processors = vcpu.partition->vcpu_count;
    gpr[4] = entitlement(vcpu);
    gpr[5] = 0; // unallocated capacity
    gpr[6] = 0; // group 0, pool 0
    constexpr std::uint64_t capped = std::uint64_t{1} << 48;
    gpr[7] =
        capped | processors << 16 | processors; // weights 0; processors of the pool and of the platform that it sees
    return Status::success;
}

// The capacity is fixed: any other value is constrained to what it is.
Outcome h_set_ppp(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    if (gpr[5] > 255)
        return Status::parameter;
    return gpr[4] == entitlement(vcpu) && gpr[5] == 0 ? Status::success : Status::constrained;
}

Outcome h_purr(Vcpu& vcpu) {
    vcpu.registers.gpr[4] = arch::read_guest_spr<partition::spr_index("PURR")>(vcpu.registers);
    return Status::success;
}

// Work of ours that a ceded processor could do is announced by nobody: we take the cycles when we need them.
Outcome h_poll_pending(Vcpu&) { return Status::success; }

} // namespace transom::hcall

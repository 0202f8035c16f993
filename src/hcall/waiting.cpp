// SPDX-License-Identifier: Apache-2.0
#include "settle.hpp"
#include <algorithm>
#include <span>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

// The calls by which virtual processors wait for, wake and interrupt one another. Others may run meanwhile, on other processors:
// what a handler looks at and changes of them is behind Partition::events.

namespace transom::hcall {
namespace {

using papr::Status;
using partition::PreemptReason;
using partition::Vcpu;
using partition::VcpuState;

std::span<Vcpu> processors(Vcpu& vcpu) { return {vcpu.partition->vcpus.data(), vcpu.partition->vcpu_count}; }

/// Waits until something wakes the caller, or goes on at once where it was prodded before, or reset and has not been entered
/// since: H_SIGNAL_SYS_RESET wakes only who waits already.
Outcome wait(Vcpu& vcpu, VcpuState state, PreemptReason reason) {
    if (vcpu.reset_pending)
        return Outcome::yield();
    if (vcpu.prodded) {
        vcpu.prodded = false;
        return settle(vcpu);
    }
    vcpu.state = state;
    vcpu.areas.preempt_reason = reason;
    return Outcome::yield();
}

/// The time that is left goes to the others.
Outcome confer_time(Vcpu& vcpu) {
    vcpu.areas.preempt_reason = PreemptReason::confer;
    return Outcome::yield();
}

bool is_active(const Vcpu& vcpu) { return vcpu.state != VcpuState::stopped && vcpu.state != VcpuState::joined; }

/// A stopped processor is not started by it.
void reset(Vcpu& target) {
    {
        const Locked events(target.partition->events);
        if (target.state == VcpuState::stopped)
            return;
        target.reset_pending = true;
        target.state = VcpuState::ready;
    }
    partition::alert(target);
}

} // namespace

Outcome h_cede(Vcpu& vcpu) {
    const Locked events(vcpu.partition->events);
    vcpu.registers.msr |= partition::msr::ee;
    return wait(vcpu, VcpuState::ceded, PreemptReason::cede);
}

// Changes no register but r3.
Outcome h_confer(Vcpu& vcpu) {
    const std::uint64_t target = vcpu.registers.gpr[4];
    const auto dispatch = static_cast<std::uint32_t>(vcpu.registers.gpr[5]);
    constexpr std::uint64_t all = ~std::uint64_t{0};
    if (target == all || target == (all >> 32)) // an int32, extended or not
        return confer_time(vcpu);
    if (target >= vcpu.partition->vcpu_count)
        return Status::parameter;
    const Locked events(vcpu.partition->events);
    if (target == vcpu.index)
        return wait(vcpu, VcpuState::ceded, PreemptReason::confer); // MSR[EE] decides whether interrupts wake it too
    const std::uint32_t counter = vcpu.partition->vcpus[target].areas.dispatch_counter;
    if (counter != dispatch || counter % 2 == 0)
        return Status::success; // it ran since the caller looked, or runs now
    vcpu.confers_to = static_cast<std::uint32_t>(target);
    return confer_time(vcpu);
}

// Changes no register but r3.
Outcome h_prod(Vcpu& vcpu) {
    const std::uint64_t number = vcpu.registers.gpr[4];
    if (number >= vcpu.partition->vcpu_count)
        return Status::parameter;
    Vcpu& target = vcpu.partition->vcpus[number];
    {
        const Locked events(vcpu.partition->events);
        if (!target.waits()) {
            target.prodded = true; // for its next wait
            return Status::success;
        }
        target.state = VcpuState::ready;
    }
    partition::alert(target);
    return Outcome::yield();
}

// LoPAR H_JOIN: H_CONFER to itself, but never by the last one that is active.
Outcome h_join(Vcpu& vcpu) {
    if (vcpu.registers.msr & partition::msr::ee)
        return Status::bad_mode;
    const Locked events(vcpu.partition->events);
    const bool others =
        std::ranges::any_of(processors(vcpu), [&](const Vcpu& each) { return &each != &vcpu && is_active(each); });
    if (!others)
        return Status::continue_;
    return wait(vcpu, VcpuState::joined, PreemptReason::confer);
}

// Not in LoPAR; as Linux and QEMU have it: one processor, or -1 all of them, or -2 all but the caller.
Outcome h_signal_sys_reset(Vcpu& vcpu) {
    constexpr std::int64_t all = -1, all_others = -2;
    const auto number = static_cast<std::int64_t>(vcpu.registers.gpr[4]);
    if (number < all_others || number >= static_cast<std::int64_t>(vcpu.partition->vcpu_count))
        return Status::parameter;
    if (number >= 0)
        reset(vcpu.partition->vcpus[static_cast<std::size_t>(number)]);
    else
        for (Vcpu& each : processors(vcpu))
            if (number == all || &each != &vcpu)
                reset(each);
    return Outcome::yield();
}

} // namespace transom::hcall

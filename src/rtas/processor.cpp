// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <algorithm>
#include <span>
#include <transom/partition/deliver.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

namespace transom::rtas {
namespace {

using partition::Vcpu;
using partition::VcpuState;

/// Answers of query-cpu-stopped-state.
constexpr std::uint32_t is_stopped = 0;
constexpr std::uint32_t is_not_stopped = 2;

std::span<Vcpu> processors(Vcpu& vcpu) { return {vcpu.partition->vcpus.data(), vcpu.partition->vcpu_count}; }

void start(Vcpu& caller, Inputs in) {
    Vcpu& target = caller.partition->vcpus[in[0]];
    {
        const Locked events(caller.partition->events);
        target.reset_registers();
        target.registers.nip = in[1];
        target.registers.gpr[3] = in[2];
        // LoPAR "MSR state in started processor": 64-bit real mode, big-endian.
        target.registers.msr = partition::msr::sf | partition::msr::me;
        target.prodded = false;
        target.reset_pending = false;
        target.state = VcpuState::ready;
    }
    partition::alert(target);
}

void stop(Vcpu& caller, Inputs) {
    partition::Partition& partition = *caller.partition;
    const Locked events(partition.events);
    caller.state = VcpuState::stopped;
    caller.areas.preempt_reason = partition::PreemptReason::cede; // nothing is stolen from it meanwhile
    caller.prodded = false;
    caller.reset_pending = false;
    if (std::ranges::all_of(processors(caller), [](const Vcpu& each) { return each.state == VcpuState::stopped; }))
        partition.end(partition::StopReason::last_stopped);
}

/// Whether it is out of the partition and stays out: one that has just asked to be stopped may still be on its way.
bool is_stopped_for_good(Vcpu& vcpu) {
    const Locked events(vcpu.partition->events);
    return vcpu.state == VcpuState::stopped && vcpu.on.load() == Vcpu::nowhere;
}

} // namespace

Reply query_cpu_stopped_state(Vcpu& vcpu, Inputs in) {
    if (in[0] >= vcpu.partition->vcpu_count)
        return status(parameter_error);
    Reply reply;
    (void)reply.values.push_back(is_stopped_for_good(vcpu.partition->vcpus[in[0]]) ? is_stopped : is_not_stopped);
    return reply;
}

Reply start_cpu(Vcpu& vcpu, Inputs in) {
    if (in[0] >= vcpu.partition->vcpu_count)
        return status(parameter_error);
    if (!is_stopped_for_good(vcpu.partition->vcpus[in[0]]))
        return status(hardware_error);
    return then_do(start, hcall::Then::yield);
}

Reply stop_self(Vcpu&, Inputs) { return then_do(stop, hcall::Then::yield); }

} // namespace transom::rtas

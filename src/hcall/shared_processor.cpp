// SPDX-License-Identifier: Apache-2.0
#include <arch/guest_spr.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Status;
using partition::Vcpu;

const partition::CapacityClaim& claim(const Vcpu& vcpu) { return vcpu.partition->share.claim; }

} // namespace

Outcome h_get_ppp(Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    const partition::ProcessorPool& pool = *vcpu.partition->pool;
    const std::uint64_t capped = claim(vcpu).capped ? 1 : 0, weight = claim(vcpu).weight;
    const std::uint64_t in_pool = pool.shared(), active = pool.processors;
    gpr[4] = claim(vcpu).entitled;
    gpr[5] = pool.unallocated();
    gpr[6] = 0; // group 0, pool 0
    // No weight is unallocated; processors in the pool, and active on the platform.
    gpr[7] = capped << 48 | weight << 40 | in_pool << 16 | active;
    return Status::success;
}

// What it gets is its manifest's to say: any other value is constrained to that.
Outcome h_set_ppp(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    if (gpr[5] > 255)
        return Status::parameter;
    return gpr[4] == claim(vcpu).entitled && gpr[5] == claim(vcpu).weight ? Status::success : Status::constrained;
}

// How idle the pool is tells about the other partitions: only who was allowed to may know.
Outcome h_pic(Vcpu& vcpu) {
    if (!vcpu.partition->sees_pool)
        return Status::authority;
    vcpu.registers.gpr[4] = vcpu.partition->pool->idle_ticks;
    vcpu.registers.gpr[5] = vcpu.partition->pool->shared();
    return Status::success;
}

Outcome h_purr(Vcpu& vcpu) {
    vcpu.registers.gpr[4] = arch::read_guest_spr<partition::spr_index("PURR")>(vcpu.registers);
    return Status::success;
}

// Work of ours that a ceded processor could do is announced by nobody: we take the cycles when we need them.
Outcome h_poll_pending(Vcpu&) { return Status::success; }

} // namespace transom::hcall

// SPDX-License-Identifier: Apache-2.0
#include <arch/guest_spr.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Status;
using partition::Vcpu;

std::uint64_t entitlement(const Vcpu& vcpu) { return vcpu.partition->pool->entitlement(vcpu.partition->vcpu_count); }

/// What is left over is shared among all virtual processors alike, so a partition's part of it grows with how many it has.
std::uint64_t weight(const Vcpu& vcpu) { return vcpu.partition->vcpu_count; }

} // namespace

// Shared processors, not capped. The part that is certain is less while more partitions are there.
Outcome h_get_ppp(Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    const std::uint64_t processors = vcpu.partition->pool->processors;
    gpr[4] = entitlement(vcpu);
    gpr[5] = 0; // unallocated capacity: all of it is given out
    gpr[6] = 0; // group 0, pool 0
    gpr[7] =
        weight(vcpu) << 40 | processors << 16 | processors; // none unallocated; in the pool, active on the platform
    return Status::success;
}

// Nothing of it is for a partition to choose: any other value is constrained to what it is.
Outcome h_set_ppp(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    if (gpr[5] > 255)
        return Status::parameter;
    return gpr[4] == entitlement(vcpu) && gpr[5] == weight(vcpu) ? Status::success : Status::constrained;
}

// How idle the pool is tells about the other partitions: only who was allowed to may know.
Outcome h_pic(Vcpu& vcpu) {
    if (!vcpu.partition->sees_pool)
        return Status::authority;
    vcpu.registers.gpr[4] = vcpu.partition->pool->idle_ticks;
    vcpu.registers.gpr[5] = vcpu.partition->pool->processors;
    return Status::success;
}

Outcome h_purr(Vcpu& vcpu) {
    vcpu.registers.gpr[4] = arch::read_guest_spr<partition::spr_index("PURR")>(vcpu.registers);
    return Status::success;
}

// Work of ours that a ceded processor could do is announced by nobody: we take the cycles when we need them.
Outcome h_poll_pending(Vcpu&) { return Status::success; }

} // namespace transom::hcall

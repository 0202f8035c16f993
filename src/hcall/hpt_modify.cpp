// SPDX-License-Identifier: Apache-2.0
#include <arch/tlb.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table_outcome.hpp>
#include <transom/hpt/table_impl.hpp>
#include <transom/partition/partition.hpp>
#include <utility>

namespace transom::hcall {

namespace {

/// Discharges and finishes; gives the d1 that was.
[[gnu::always_inline]] inline hpt::Attempt<std::uint64_t> modify(partition::Partition& partition,
                                                                 hpt::Attempt<hpt::Pending<hpt::ModifyWork>>&& begun) {
    if (!begun)
        return std::unexpected(begun.error());
    const hpt::Flushed flushed = arch::Tlb::discharge(begun->obligation(), partition.lpid);
    return partition.hpt.finish_modify(std::move(*begun), flushed);
}

Outcome clear(partition::Vcpu& vcpu, std::uint64_t usage) {
    auto& gpr = vcpu.registers.gpr;
    partition::Partition& partition = *vcpu.partition;
    const auto before = modify(partition, partition.hpt.begin_clear(hpt::ClearArgs::parse(gpr), usage));
    if (!before)
        return outcome_of(before.error());
    gpr[4] = *before;
    return papr::Status::success;
}

} // namespace

// LoPAR H_PROTECT: flags (AVPN, pp, N, key), ptex, avpn. No outputs.
Outcome h_protect(partition::Vcpu& vcpu) {
    partition::Partition& partition = *vcpu.partition;
    const auto args = hpt::ProtectArgs::parse(vcpu.registers.gpr);
    const auto before = modify(partition, partition.hpt.begin_protect(args));
    return before ? Outcome(papr::Status::success) : outcome_of(before.error());
}

// LoPAR H_CLEAR_MOD and H_CLEAR_REF: flags, ptex -> r4 the second doubleword as it was.
Outcome h_clear_mod(partition::Vcpu& vcpu) { return clear(vcpu, papr::d1::changed); }
Outcome h_clear_ref(partition::Vcpu& vcpu) { return clear(vcpu, papr::d1::referenced); }

} // namespace transom::hcall

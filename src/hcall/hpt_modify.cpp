// SPDX-License-Identifier: Apache-2.0
#include "hpt_scope.hpp"

#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table_outcome.hpp>
#include <utility>

namespace transom::hcall {

namespace {

/// Discharges and finishes; gives the d1 that was.
template <class Scope>
[[gnu::always_inline]] inline hpt::Attempt<std::uint64_t> modify(Scope scope,
                                                                 hpt::Attempt<hpt::Pending<hpt::ModifyWork>>&& begun) {
    if (!begun)
        return std::unexpected(begun.error());
    const hpt::Flushed flushed = scope.discharge(begun->obligation());
    return scope.table().finish_modify(std::move(*begun), flushed);
}

// LoPAR H_CLEAR_MOD and H_CLEAR_REF: flags, ptex -> r4 the second doubleword as it was.
template <class Scope> Outcome clear(partition::Vcpu& vcpu, std::uint64_t usage) {
    auto& gpr = vcpu.registers.gpr;
    const Scope scope{*vcpu.partition};
    const auto before = modify(scope, scope.table().begin_clear(hpt::ClearArgs::parse(gpr), usage));
    if (!before)
        return outcome_of(before.error());
    gpr[4] = *before;
    return papr::Status::success;
}

// LoPAR H_PROTECT: flags (AVPN, pp, N, key), ptex, avpn. No outputs.
template <class Scope> [[gnu::always_inline]] inline Outcome protect(partition::Vcpu& vcpu) {
    const Scope scope{*vcpu.partition};
    const auto args = hpt::ProtectArgs::parse(vcpu.registers.gpr);
    const auto before = modify(scope, scope.table().begin_protect(args));
    return before ? Outcome(papr::Status::success) : outcome_of(before.error());
}

} // namespace

Outcome h_protect(partition::Vcpu& vcpu) { return protect<FirstTable>(vcpu); }
Outcome h_protect_dual(partition::Vcpu& vcpu) { return protect<BothTables>(vcpu); }
Outcome h_protect_resizing(partition::Vcpu& vcpu) { return protect<ResizingTable>(vcpu); }
Outcome h_clear_mod(partition::Vcpu& vcpu) { return clear<FirstTable>(vcpu, papr::d1::changed); }
Outcome h_clear_mod_dual(partition::Vcpu& vcpu) { return clear<BothTables>(vcpu, papr::d1::changed); }
Outcome h_clear_mod_resizing(partition::Vcpu& vcpu) { return clear<ResizingTable>(vcpu, papr::d1::changed); }
Outcome h_clear_ref(partition::Vcpu& vcpu) { return clear<FirstTable>(vcpu, papr::d1::referenced); }
Outcome h_clear_ref_dual(partition::Vcpu& vcpu) { return clear<BothTables>(vcpu, papr::d1::referenced); }
Outcome h_clear_ref_resizing(partition::Vcpu& vcpu) { return clear<ResizingTable>(vcpu, papr::d1::referenced); }

} // namespace transom::hcall

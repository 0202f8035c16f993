// SPDX-License-Identifier: Apache-2.0
#include "hpt_scope.hpp"

#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table_outcome.hpp>
#include <utility>

namespace transom::hcall {

namespace {

template <class Scope>
[[gnu::always_inline]] inline hpt::Attempt<papr::PageTableEntry> remove(Scope scope, const hpt::RemoveArgs& args) {
    auto pending = scope.table().begin_remove(args);
    if (!pending)
        return std::unexpected(pending.error());
    const hpt::Flushed flushed = scope.discharge(pending->obligation());
    return scope.table().finish_remove(std::move(*pending), flushed);
}

/// The answer to one request of H_BULK_REMOVE.
template <class Scope> std::uint64_t answer_specifier(Scope scope, std::uint64_t high, std::uint64_t low) {
    namespace bulk = papr::bulk;
    const std::uint64_t condition = high & bulk::condition;
    const std::uint64_t response = bulk::response | (high & (bulk::condition | bulk::index));
    if (condition == bulk::condition)
        return response | bulk::code_parameter;
    const hpt::Condition wanted = condition == bulk::condition_avpn      ? hpt::Condition::avpn(low)
                                  : condition == bulk::condition_andcond ? hpt::Condition::andcond(low)
                                                                         : hpt::Condition{};
    const auto removed = remove(scope, {{high & bulk::index}, wanted});
    if (removed)
        return response | bulk::code_success | (removed->d1 & papr::d1::usage) << bulk::usage_shift;
    return response | (removed.error() == hpt::TableError::not_found ? bulk::code_not_found : bulk::code_parameter);
}

// LoPAR H_REMOVE: flags, ptex, avpn -> r4, r5 the entry as it was last.
template <class Scope> [[gnu::always_inline]] inline Outcome remove_one(partition::Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    const auto removed = remove(Scope{*vcpu.partition}, hpt::RemoveArgs::parse(gpr));
    if (!removed)
        return outcome_of(removed.error());
    gpr[4] = removed->d0;
    gpr[5] = removed->d1;
    return papr::Status::success;
}

// LoPAR H_BULK_REMOVE: four translation specifiers of two doublewords, each answered in place, in order, until one is of
// type end. A specifier that is no request, or is malformed, ends the call; those after it stay as they are. R and C go to
// bits 4 and 5 of the response, where Linux and KVM have them. One slot is locked at a time.
template <class Scope> [[gnu::always_inline]] inline Outcome bulk_remove(partition::Vcpu& vcpu) {
    namespace bulk = papr::bulk;
    auto& gpr = vcpu.registers.gpr;
    for (unsigned i = 0; i < bulk::max_specifiers; ++i) {
        std::uint64_t& high = gpr[4 + 2 * i];
        const std::uint64_t type = high & bulk::type;
        if (type == bulk::end)
            break;
        if (type != bulk::request)
            return papr::Status::parameter;
        high = answer_specifier(Scope{*vcpu.partition}, high, gpr[5 + 2 * i]);
        if ((high & bulk::code) == bulk::code_parameter)
            return papr::Status::parameter;
    }
    return papr::Status::success;
}

} // namespace

Outcome h_remove(partition::Vcpu& vcpu) { return remove_one<FirstTable>(vcpu); }
Outcome h_remove_dual(partition::Vcpu& vcpu) { return remove_one<BothTables>(vcpu); }
Outcome h_remove_resizing(partition::Vcpu& vcpu) { return remove_one<ResizingTable>(vcpu); }
Outcome h_bulk_remove(partition::Vcpu& vcpu) { return bulk_remove<FirstTable>(vcpu); }
Outcome h_bulk_remove_dual(partition::Vcpu& vcpu) { return bulk_remove<BothTables>(vcpu); }
Outcome h_bulk_remove_resizing(partition::Vcpu& vcpu) { return bulk_remove<ResizingTable>(vcpu); }

} // namespace transom::hcall

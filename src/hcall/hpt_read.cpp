// SPDX-License-Identifier: Apache-2.0
#include "hpt_scope.hpp"

#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table_outcome.hpp>

namespace transom::hcall {

namespace {

// LoPAR H_READ: flags, ptex -> r4, r5, and with READ_4 r4 to r11, the entries of an aligned four.
template <class Scope> [[gnu::always_inline]] inline Outcome read_entries(partition::Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    const Scope scope{*vcpu.partition};
    const auto args = hpt::ReadArgs::parse(gpr);
    for (unsigned i = 0; i < args.count; ++i) {
        const auto entry = scope.table().read({args.first.value + i});
        if (!entry) // the first or none: a table's size is a multiple of four slots
            return outcome_of(entry.error());
        gpr[4 + 2 * i] = entry->d0;
        gpr[5 + 2 * i] = entry->d1;
    }
    return papr::Status::success;
}

} // namespace

Outcome h_read(partition::Vcpu& vcpu) { return read_entries<FirstTable>(vcpu); }
Outcome h_read_dual(partition::Vcpu& vcpu) { return read_entries<BothTables>(vcpu); }
Outcome h_read_resizing(partition::Vcpu& vcpu) { return read_entries<ResizingTable>(vcpu); }

} // namespace transom::hcall

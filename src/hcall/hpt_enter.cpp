// SPDX-License-Identifier: Apache-2.0
#include "hpt_scope.hpp"

#include <arch/cache.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table_outcome.hpp>
#include <utility>

namespace transom::hcall {

namespace {

namespace flag = papr::hpt_flag;

/// Zeroes the page, then makes what is in it what is executed, as the flags ask.
[[gnu::always_inline]] inline std::expected<void, memory::AccessError> prepare_page(memory::LogicalMemory& memory,
                                                                                    const hpt::EnterArgs& args) {
    const LogicalAddr page = args.what.page();
    const Bytes size = papr::bytes(args.what.sizes.actual);
    if ((args.page_work & flag::zero_page) != 0)
        if (const auto cleared = memory.clear(page, size); !cleared)
            return cleared;
    if ((args.page_work & (flag::icache_invalidate | flag::icache_synchronize)) != 0)
        if (const auto real = memory.translate(page, size))
            arch::synchronize_instructions(*real, size);
    return {};
}

// LoPAR H_ENTER: flags, ptex, pteh, ptel -> r4 the slot used.
template <class Scope> [[gnu::always_inline]] inline Outcome enter(partition::Vcpu& vcpu) {
    partition::Partition& partition = *vcpu.partition;
    const Scope scope{partition};
    const auto args = hpt::EnterArgs::parse(vcpu.registers.gpr);
    if (!args)
        return outcome_of(args.error());
    auto pending = scope.table().begin_enter(*args, partition.memory);
    if (!pending)
        return outcome_of(pending.error());
    const hpt::Flushed flushed = scope.discharge(pending->obligation());
    if (args->page_work != 0) [[unlikely]] {
        // After a slot is certain, before the entry is valid.
        if (const auto prepared = prepare_page(partition.memory, *args); !prepared) {
            scope.table().abandon_enter(std::move(*pending), flushed);
            return prepared.error() == memory::AccessError::missing ? Outcome::missing() : papr::Status::parameter;
        }
    }
    vcpu.registers.gpr[4] = scope.table().finish_enter(std::move(*pending), flushed).value;
    return papr::Status::success;
}

} // namespace

Outcome h_enter(partition::Vcpu& vcpu) { return enter<FirstTable>(vcpu); }
Outcome h_enter_dual(partition::Vcpu& vcpu) { return enter<BothTables>(vcpu); }
Outcome h_enter_resizing(partition::Vcpu& vcpu) { return enter<ResizingTable>(vcpu); }

} // namespace transom::hcall

// SPDX-License-Identifier: Apache-2.0
#include <arch/tlb.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table_outcome.hpp>
#include <transom/partition/partition.hpp>
#include <utility>

namespace transom::hcall {

// LoPAR H_ENTER: flags, ptex, pteh, ptel -> r4 the slot used.
// The flags that ask for instruction cache work need none: POWER8 to POWER10 keep it coherent.
Outcome h_enter(partition::Vcpu& vcpu) {
    partition::Partition& partition = *vcpu.partition;
    const auto args = hpt::EnterArgs::parse(vcpu.registers.gpr);
    if (!args)
        return outcome_of(args.error());
    auto pending = partition.hpt.begin_enter(*args, partition.memory);
    if (!pending)
        return outcome_of(pending.error());
    const hpt::Flushed flushed = arch::Tlb::discharge(pending->obligation(), partition.lpid);
    if (args->zero_page) {
        // After a slot is certain, before the entry is valid.
        const auto cleared = partition.memory.clear(args->what.page(), papr::bytes(args->what.sizes.actual));
        if (!cleared) {
            partition.hpt.abandon_enter(std::move(*pending), flushed);
            return cleared.error() == memory::AccessError::missing ? Outcome::missing() : papr::Status::parameter;
        }
    }
    vcpu.registers.gpr[4] = partition.hpt.finish_enter(std::move(*pending), flushed).value;
    return papr::Status::success;
}

} // namespace transom::hcall

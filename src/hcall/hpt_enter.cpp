// SPDX-License-Identifier: Apache-2.0
#include <arch/cache.hpp>
#include <arch/tlb.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table_outcome.hpp>
#include <transom/hpt/table_impl.hpp>
#include <transom/partition/partition.hpp>
#include <utility>

namespace transom::hcall {

namespace {

namespace flag = papr::hpt_flag;

/// Zeroes the page, then makes what is in it what is executed, as the flags ask.
std::expected<void, memory::AccessError> prepare_page(memory::LogicalMemory& memory, const hpt::EnterArgs& args) {
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

} // namespace

// LoPAR H_ENTER: flags, ptex, pteh, ptel -> r4 the slot used.
Outcome h_enter(partition::Vcpu& vcpu) {
    partition::Partition& partition = *vcpu.partition;
    const auto args = hpt::EnterArgs::parse(vcpu.registers.gpr);
    if (!args)
        return outcome_of(args.error());
    auto pending = partition.hpt.begin_enter(*args, partition.memory);
    if (!pending)
        return outcome_of(pending.error());
    const hpt::Flushed flushed = arch::Tlb::discharge(pending->obligation(), partition.lpid);
    if (args->page_work != 0) [[unlikely]] {
        // After a slot is certain, before the entry is valid.
        if (const auto prepared = prepare_page(partition.memory, *args); !prepared) {
            partition.hpt.abandon_enter(std::move(*pending), flushed);
            return prepared.error() == memory::AccessError::missing ? Outcome::missing() : papr::Status::parameter;
        }
    }
    vcpu.registers.gpr[4] = partition.hpt.finish_enter(std::move(*pending), flushed).value;
    return papr::Status::success;
}

} // namespace transom::hcall

// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <arch/clock.hpp>
#include <transom/hcall/dispatch.hpp>
#include <transom/memory/last_missed.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

constexpr std::uint64_t length_of_sc = 4;

// Each instruction in here is paid at each call. What is rare is therefore said to be, so that it is out of the way, and
// nothing but the virtual processor is kept over the handler.
[[gnu::always_inline]] inline Outcome carry_out(partition::Vcpu& vcpu, partition::Partition& partition) {
    const auto answer = [&vcpu](Outcome outcome) {
        vcpu.registers.gpr[3] = static_cast<std::uint64_t>(outcome.status);
        return outcome;
    };
    if (vcpu.registers.msr & partition::msr::pr) [[unlikely]] {
        Counters::count(vcpu.calls.problem_state);
        return answer(papr::Status::privilege);
    }
    const std::size_t row = row_of(vcpu.registers.gpr[3]);
    Counters::count(vcpu.calls.by_row[row]);
    if (row == unknown_row) [[unlikely]]
        return answer(papr::Status::function);
    const Outcome outcome = partition.allowed_calls[row](vcpu);
    if (outcome.then == Then::missing) [[unlikely]] {
        Counters::count(vcpu.calls.by_row[row_of(vcpu.registers.gpr[3])], ~std::uint64_t{0}); // not made yet
        vcpu.registers.nip -= length_of_sc;
        vcpu.awaits = memory::last_missed.value;
        return outcome;
    }
    return answer(outcome);
}

[[gnu::noinline, gnu::cold]] Outcome carry_out_observed(partition::Vcpu& vcpu, partition::Partition& partition) {
    const auto& gpr = vcpu.registers.gpr;
    TraceEntry entry{.token = gpr[3], .inputs = {gpr[4], gpr[5], gpr[6], gpr[7]}, .vcpu = vcpu.index};
    const std::uint64_t before = arch::timebase();
    const Outcome outcome = carry_out(vcpu, partition);
    const std::uint64_t after = arch::timebase();
    entry.timebase = after;
    entry.status = static_cast<std::int64_t>(outcome.status);
    if (outcome.then != Then::missing && outcome.status != papr::Status::privilege)
        partition.observation.record(row_of(entry.token), after - before, entry);
    return outcome;
}

} // namespace

Outcome dispatch(partition::Vcpu& vcpu) {
    partition::Partition& partition = *vcpu.partition;
    if (partition.observation.on()) [[unlikely]]
        return carry_out_observed(vcpu, partition);
    return carry_out(vcpu, partition);
}

} // namespace transom::hcall

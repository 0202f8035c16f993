// SPDX-License-Identifier: Apache-2.0
#include <transom/hcall/dispatch.hpp>
#include <transom/hcall/table.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {

Outcome dispatch(partition::Vcpu& vcpu) {
    std::uint64_t& r3 = vcpu.registers.gpr[3];
    Counters& calls = vcpu.partition->calls;
    const auto answer = [&r3](Outcome outcome) {
        r3 = static_cast<std::uint64_t>(outcome.status);
        return outcome;
    };
    if (vcpu.registers.msr & partition::msr::pr) {
        ++calls.problem_state;
        return answer(papr::Status::privilege);
    }
    const Row* row = find(r3);
    if (row == nullptr) {
        ++calls.unknown;
        return answer(papr::Status::function);
    }
    const Outcome outcome = row->handler(vcpu);
    if (outcome.then == Then::missing) [[unlikely]]
        return outcome;
    ++calls.by_row[static_cast<std::size_t>(row - rows().data())];
    return answer(outcome);
}

} // namespace transom::hcall

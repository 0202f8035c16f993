// SPDX-License-Identifier: Apache-2.0
#include <transom/base/panic.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>
#include <transom/random/source.hpp>

namespace transom::hcall {

// LoPAR H_RANDOM: -> r4. Not offered where the machine has nothing random.
Outcome h_random(partition::Vcpu& vcpu) {
    random::Source* source = vcpu.partition->random;
    invariant(source != nullptr, "a partition is allowed H_RANDOM where nothing is random");
    const auto number = source->draw();
    if (!number)
        return papr::Status::hardware;
    vcpu.registers.gpr[4] = *number;
    return papr::Status::success;
}

} // namespace transom::hcall

// SPDX-License-Identifier: Apache-2.0
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>
#include <transom/random/source.hpp>

namespace transom::hcall {

// LoPAR H_RANDOM: -> r4. Not offered where the machine has nothing random.
Outcome h_random(partition::Vcpu& vcpu) {
    random::Source* source = vcpu.partition->random;
    if (source == nullptr)
        return papr::Status::function;
    const auto number = source->draw();
    if (!number)
        return papr::Status::hardware;
    vcpu.registers.gpr[4] = *number;
    return papr::Status::success;
}

} // namespace transom::hcall

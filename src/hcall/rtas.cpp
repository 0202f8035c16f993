// SPDX-License-Identifier: Apache-2.0
#include <transom/hcall/handlers.hpp>
#include <transom/partition/vcpu.hpp>
#include <transom/rtas/table.hpp>

namespace transom::hcall {

Outcome h_rtas(partition::Vcpu& vcpu) { return rtas::call(vcpu, {vcpu.registers.gpr[4]}); }

} // namespace transom::hcall

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hcall/outcome.hpp>

namespace transom::partition {
struct Vcpu;
}

namespace transom::hcall {

/// Carries out the hypervisor call that a virtual processor made (`sc 1`): token in gpr[3]. Writes the status to gpr[3],
/// except where a page is missing: then nothing has changed and the call is to be made again when the page is here.
/// Then::yield is also the answer of a light call after which an interrupt waits or somebody else became ready to run.
Outcome dispatch(partition::Vcpu& vcpu);

} // namespace transom::hcall

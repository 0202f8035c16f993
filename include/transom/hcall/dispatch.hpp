// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hcall/outcome.hpp>

namespace transom::partition {
struct Vcpu;
}

namespace transom::hcall {

/// Carries out the hypervisor call that a virtual processor made (`sc 1`): token in gpr[3]. Writes the status to gpr[3],
/// except where a page is missing: then nothing has changed, and the next instruction is the `sc` again, for when the page is
/// here.
/// Then::yield is also the answer of a light call after which an interrupt waits or somebody else became ready to run.
/// The label is the name by which an entry path in assembler calls it.
Outcome dispatch(partition::Vcpu& vcpu) asm("hypercall_dispatch");

} // namespace transom::hcall

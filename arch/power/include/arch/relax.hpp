// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace arch {

/// While waiting for another processor, in the hypervisor: answers those that wait for this one meanwhile (rendezvous()), so that two
/// cannot wait for each other.
inline void relax() {
    unsigned long link;
    asm volatile inline("mflr %0\n\tbl answer_while_waiting_keeping_registers\n\tmtlr %0" : "=&r"(link)::"memory");
}

} // namespace arch

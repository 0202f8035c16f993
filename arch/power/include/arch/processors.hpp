// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// Most processors that run partitions.
constexpr std::uint32_t max_processors = 64;

/// Number of the calling processor among those that run partitions: 0 for the boot processor, and for every one that has not been
/// given another.
std::uint32_t processor_index();
void set_processor_index(std::uint32_t index);

/// Makes a processor leave the partition that it is in, whatever MSR[EE] is there, or end its sleep. One that is in the
/// hypervisor leaves its partition at the next entry, before the first instruction, or does not fall asleep.
void kick(std::uint32_t index);

/// Takes the calling processor's kick away, if there is one, and devices' interrupts. In the hypervisor, with nothing of a partition in
/// the machine.
void acknowledge_kick();

/// Whether the calling processor can itself present an external interrupt to the partition that it is in or enters, at the moment
/// when MSR[EE] lets it through. Else the hypervisor has to look.
bool presents_external();
/// From now on it does; until lower_external(), which comes before it leaves for another virtual processor.
void raise_external();
void lower_external();

/// How many interrupts of devices the boot processor has taken; what it asks itself.
std::uint64_t device_interrupts();

/// Returns when each other processor that was inside the partition of that LPID, its first where it has two, has been in the hypervisor
/// since, has no translation any more that it had before, and leaves the partition at once, if it has not yet. Hypervisor state; such
/// a processor may wait for the calling one in relax().
void rendezvous(std::uint32_t lpid);

/// What all processors' waits in rendezvous() have cost: ticks of the time base, and instructions that looked for the answers.
struct RendezvousCost {
    std::uint64_t count = 0;
    std::uint64_t ticks = 0;
    std::uint64_t instructions = 0;
};
RendezvousCost rendezvous_cost();

/// Whether another processor may still use a translation when its invalidation by tlbie is complete, so that a rendezvous has to
/// follow. ISA 3.0B Book III 5.10 forbids it; QEMU before 10 does so with several processors.
extern bool broadcast_is_late;

} // namespace arch

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/partition/vcpu.hpp>

namespace transom::partition {

/// Interrupts that a partition's operating system takes, by the address of their vector. ISA 3.0B Book III 6.5.
enum class Vector : std::uint32_t {
    system_reset = 0x100,
    machine_check = 0x200,
    data_storage = 0x300,
    data_segment = 0x380,
    instruction_storage = 0x400,
    instruction_segment = 0x480,
    external = 0x500,
    alignment = 0x600,
    program = 0x700,
    floating_point_unavailable = 0x800,
    decrementer = 0x900,
    doorbell = 0xa00,
    system_call = 0xc00,
    trace = 0xd00,
    performance_monitor = 0xf00,
    vector_unavailable = 0xf20,
    vsx_unavailable = 0xf40,
    facility_unavailable = 0xf60,
};

/// Bits that an interrupt puts into SRR1[33:36] and SRR1[42:47].
namespace srr1 {
constexpr std::uint64_t interrupt_bits = 0x783f0000;
// instruction storage
constexpr std::uint64_t no_entry = 0x40000000;
constexpr std::uint64_t no_execute = 0x10000000; // no-execute or guarded storage
constexpr std::uint64_t protection = 0x08000000;
constexpr std::uint64_t key = 0x00200000;
// program
constexpr std::uint64_t illegal = 0x00080000;
constexpr std::uint64_t privileged = 0x00040000;
} // namespace srr1

/// Bits of DSISR for a data storage interrupt.
namespace dsisr {
constexpr std::uint64_t no_entry = 0x40000000;
constexpr std::uint64_t protection = 0x08000000;
constexpr std::uint64_t store = 0x02000000;
constexpr std::uint64_t key = 0x00200000;
/// Those of an access that a page table, or its entry, does not permit.
constexpr std::uint64_t translation = no_entry | protection | key;
} // namespace dsisr

/// Makes the virtual processor take an interrupt the way the hardware would: SRR0, SRR1, MSR and the next instruction, by
/// its interrupt mode (H_SET_MODE). `srr1_bits` are the interrupt's own, within srr1::interrupt_bits. The virtual
/// processor is the one inside the partition on this processor.
void deliver_interrupt(Vcpu& vcpu, Vector vector, std::uint64_t srr1_bits = 0);

/// The translation of a load or store failed and it is the partition's affair: DAR, DSISR and a data storage interrupt.
void reflect_data_storage(Vcpu& vcpu, EffectiveAddr address, std::uint64_t dsisr);

/// Whether the partition's interrupt controller asserts this virtual processor's external interrupt. Partition::events is
/// held.
bool external_pending(const Vcpu& vcpu);

/// Something has happened to a virtual processor: the processor that runs it is to look, or one that sleeps. To be called once
/// Partition::events has been given up.
void alert(const Vcpu& vcpu);
/// All its virtual processors may have turns from now on: those processors look that would run them.
void alert(const Partition& partition);
/// The same for the virtual processor that gets the interrupts of a source of a partition.
void alert_server(Partition& partition, std::uint32_t source);

/// On the way into the partition: delivers a system reset that was asked for, or else the external interrupt if it is
/// asserted and the virtual processor has interrupts enabled. Whether there was one. An external interrupt that MSR[EE] holds
/// back is left to the processor to present, where it can.
bool deliver_pending(Vcpu& vcpu);

/// Takes it back where none is asserted any more. Inside, or on the way out; Partition::events is held.
void withdraw_external(Vcpu& vcpu);

} // namespace transom::partition

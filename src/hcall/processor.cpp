// SPDX-License-Identifier: Apache-2.0
#include <arch/guest_spr.hpp>
#include <arch/processors.hpp>
#include <bit>
#include <span>
#include <transom/base/bits.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Status;
using partition::Registers;
using partition::spr_index;
using partition::Vcpu;

/// Bits of DABR, DABRX and DAWRX. ISA 2.07B Book III-S 8.1.2; before it, ISA 2.06.
constexpr std::uint64_t dabr_translation = ibm_bit(61);
constexpr std::uint64_t dabr_accesses = ibm_mask(62, 63); // store, load
constexpr std::uint64_t dabrx_hypervisor = ibm_bit(61);
constexpr std::uint64_t dabrx_privileges = ibm_mask(62, 63);
constexpr std::uint64_t dabrx_no_translation_match = ibm_bit(60);
constexpr std::uint64_t dawrx_hypervisor = ibm_bit(61);
/// What H_SET_MODE lets a partition set: MRD, DW, DR, WT, WTI, PNH and PRO.
constexpr std::uint64_t dawrx_defined = ibm_mask(48, 53) | ibm_mask(57, 60) | ibm_mask(62, 63);

/// Processors since POWER8 have a watchpoint (DAWR) where older ones had a breakpoint on data (DABR): the same one
/// doubleword, with the bits elsewhere.
void set_data_breakpoint(Registers& registers, std::uint64_t dabr, std::uint64_t dabrx) {
    const std::uint64_t dawrx = (dabr & dabr_accesses) << 5 | (dabr & dabr_translation) << 2 |
                                (dabrx & (dabrx_no_translation_match | dabrx_privileges));
    arch::write_guest_spr<spr_index("DAWR0")>(registers, dabr & ~ibm_mask(61, 63));
    arch::write_guest_spr<spr_index("DAWRX0")>(registers, dawrx);
}

/// H_UNSUPPORTED_FLAG for the most significant bit of some that are not supported.
Status unsupported(std::uint64_t bits) { return papr::unsupported_flag(static_cast<unsigned>(std::countl_zero(bits))); }

/// What H_SET_MODE is asked to do.
struct SetMode {
    std::uint64_t flags;
    std::uint64_t value1;
    std::uint64_t value2;
};

Outcome set_instruction_breakpoint(Vcpu& vcpu, const SetMode& mode) {
    if (mode.value2 != 0)
        return Status::p4;
    if (mode.flags != 0)
        return unsupported(mode.flags);
    if ((mode.value1 & 3) == 3) // matches in hypervisor state
        return Status::p3;
    arch::write_guest_spr<spr_index("CIABR")>(vcpu.registers, mode.value1);
    return Status::success;
}

template <std::size_t address, std::size_t conditions> Outcome set_watchpoint(Vcpu& vcpu, const SetMode& mode) {
    if (mode.flags != 0)
        return unsupported(mode.flags);
    if ((mode.value2 & dawrx_hypervisor) || (mode.value2 & ~dawrx_defined))
        return Status::p4;
    arch::write_guest_spr<address>(vcpu.registers, mode.value1);
    arch::write_guest_spr<conditions>(vcpu.registers, mode.value2);
    return Status::success;
}

std::span<Vcpu> processors(Vcpu& vcpu) { return {vcpu.partition->vcpus.data(), vcpu.partition->vcpu_count}; }

/// The mode of a partition is the same in all its processors, those not started included. The register that
/// holds it is written on the way into the partition: the caller yields, and those that are inside are made to leave.
Outcome set_alternate_location(Vcpu& vcpu, const SetMode& mode) {
    if (mode.value1 != 0)
        return Status::p3;
    if (mode.value2 != 0)
        return Status::p4;
    if (mode.flags == 1)
        return papr::unsupported_flag(62); // LoPAR prints this number for the reserved location
    if (mode.flags > 3)
        return unsupported(mode.flags & ~std::uint64_t{3});
    if (mode.flags == 2 && !vcpu.partition->facilities.interrupts_at_0x18000)
        return papr::unsupported_flag(62);
    {
        const Locked events(vcpu.partition->events); // the others are being delivered interrupts
        for (Vcpu& each : processors(vcpu))
            each.interrupt_mode.alternate_location = static_cast<std::uint8_t>(mode.flags);
    }
    arch::rendezvous(vcpu.partition->lpid);
    return Outcome::yield();
}

Outcome set_endianness(Vcpu& vcpu, const SetMode& mode) {
    if (mode.value1 != 0)
        return Status::p3;
    if (mode.value2 != 0)
        return Status::p4;
    if (mode.flags > 1)
        return unsupported(mode.flags & ~std::uint64_t{1});
    arch::rendezvous(vcpu.partition->lpid); // the others' registers are known, as of now
    for (const Vcpu& each : processors(vcpu))
        if (each.state != partition::VcpuState::stopped && (each.registers.msr & partition::msr::ee))
            return Status::bad_mode;
    {
        const Locked events(vcpu.partition->events);
        for (Vcpu& each : processors(vcpu))
            each.interrupt_mode.little_endian = mode.flags == 1;
    }
    arch::rendezvous(vcpu.partition->lpid);
    return Outcome::yield();
}

} // namespace

Outcome h_set_sprg0(Vcpu& vcpu) {
    arch::write_guest_spr<spr_index("SPRG0")>(vcpu.registers, vcpu.registers.gpr[4]);
    return Status::success;
}

// LoPAR H_SET_DABR, for platforms with the extended facility: matches privileged and problem state.
Outcome h_set_dabr(Vcpu& vcpu) {
    set_data_breakpoint(vcpu.registers, vcpu.registers.gpr[4], dabrx_privileges);
    return Status::success;
}

Outcome h_set_xdabr(Vcpu& vcpu) {
    const std::uint64_t dabrx = vcpu.registers.gpr[5];
    if ((dabrx & ibm_mask(0, 59)) || (dabrx & dabrx_hypervisor) || !(dabrx & dabrx_privileges))
        return Status::parameter;
    set_data_breakpoint(vcpu.registers, vcpu.registers.gpr[4], dabrx);
    return Status::success;
}

Outcome h_set_mode(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    const SetMode mode{gpr[4], gpr[6], gpr[7]};
    switch (gpr[5]) {
    case 1:
        return set_instruction_breakpoint(vcpu, mode);
    case 2:
        return set_watchpoint<spr_index("DAWR0"), spr_index("DAWRX0")>(vcpu, mode);
    case 3:
        return set_alternate_location(vcpu, mode);
    case 4:
        return set_endianness(vcpu, mode);
    case 5: // not in LoPAR: Linux
        if (!vcpu.partition->facilities.second_watchpoint)
            return Status::p2;
        return set_watchpoint<spr_index("DAWR1"), spr_index("DAWRX1")>(vcpu, mode);
    default:
        return Status::p2;
    }
}

// LoPAR H_REGISTER_PROCESS_TABLE (hcall-imtt, which is not offered: Linux makes this call without asking). With segments in the SLB no processor walks the
// process table, so there is nothing to keep of it.
Outcome h_register_proc_tbl(Vcpu& vcpu) {
    constexpr std::uint64_t change = ibm_bit(59);
    constexpr std::uint64_t new_table = ibm_bit(60);
    const auto& gpr = vcpu.registers.gpr;
    const std::uint64_t flags = gpr[4], base = gpr[5], page_size = gpr[6], size = gpr[7];
    // Radix translation, segment tables and tlbie by the guest (the bits below) are not offered.
    if (flags & ~(change | new_table))
        return Status::parameter;
    // Without `change` the registration stays, whatever bit 60 says.
    if ((flags & change) && (flags & new_table)) {
        if (base >> 38)
            return Status::p2;
        if (page_size & ~std::uint64_t{7})
            return Status::p3;
        if (size > 24) // log2 of the size, less 12
            return Status::p4;
    }
    return Status::success;
}

// Not in LoPAR.
Outcome h_get_cpu_characteristics(Vcpu& vcpu) {
    vcpu.registers.gpr[4] = vcpu.partition->cpu_characteristics.character;
    vcpu.registers.gpr[5] = vcpu.partition->cpu_characteristics.behaviour;
    return Status::success;
}

} // namespace transom::hcall

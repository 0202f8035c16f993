// SPDX-License-Identifier: Apache-2.0
#include "exits.hpp"

#include "second_table.hpp"
#include "spr.hpp"

#include <arch/clock.hpp>
#include <cstddef>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>
#include <type_traits>
#include <utility>

extern "C" void normalize_vector_registers();

namespace arch {

using namespace transom;
using partition::Vcpu;
using partition::Vector;

namespace {

constinit thread_local Vcpu* vcpu_inside = nullptr;
constinit thread_local bool kicked_out = false;

enum class Next : std::uint64_t { resume = 0, leave = 1 };

/// An access in real mode needs an entry of ours; one in virtual mode that fails is the partition's affair. In the second table the
/// entries of both are ours.
Next data_storage(Vcpu& vcpu) {
    const EffectiveAddr address{mfspr<Spr::hdar>()};
    std::uint64_t cause = mfspr<Spr::hdsisr>();
    if (walks_second_table(vcpu) && (cause & partition::dsisr::translation) != 0) {
        const bool store = (cause & partition::dsisr::store) != 0;
        const Served served =
            serve_second_table(vcpu, address, store ? dual::AccessKind::store : dual::AccessKind::load, cause);
        if (served == Served::reflect)
            partition::reflect_data_storage(vcpu, address, cause);
        return served == Served::wait ? Next::leave : Next::resume;
    }
    // An entry of ours that is there but does not permit the access (a storage key) is the partition's affair too.
    const bool ours = (vcpu.registers.msr & partition::msr::dr) == 0 && (cause & partition::dsisr::no_entry) != 0;
    if (!ours || !vcpu.partition->hpt.insert_real_mode(address, vcpu.partition->memory))
        partition::reflect_data_storage(vcpu, address, cause);
    return Next::resume;
}

Next instruction_storage(Vcpu& vcpu, std::uint64_t hsrr1) {
    const EffectiveAddr address{vcpu.registers.nip};
    if (walks_second_table(vcpu)) {
        std::uint64_t cause = hsrr1 & partition::srr1::interrupt_bits;
        const Served served = serve_second_table(vcpu, address, dual::AccessKind::fetch, cause);
        if (served == Served::reflect)
            partition::deliver_interrupt(vcpu, Vector::instruction_storage, cause);
        return served == Served::wait ? Next::leave : Next::resume;
    }
    const bool ours = (vcpu.registers.msr & partition::msr::ir) == 0 && (hsrr1 & partition::srr1::no_entry) != 0;
    if (!ours || !vcpu.partition->hpt.insert_real_mode(address, vcpu.partition->memory))
        partition::deliver_interrupt(vcpu, Vector::instruction_storage, hsrr1 & partition::srr1::interrupt_bits);
    return Next::resume;
}

/// The partition cannot go on: something that only hardware, or we, can have caused.
[[gnu::cold, gnu::noinline]] Next machine_failure(Vcpu& vcpu, std::uint64_t vector) {
    log("partition {}: interrupt {:#x} at {:#x}, msr {:#x}: it is stopped", vcpu.partition->name(), vector,
        vcpu.registers.nip, vcpu.registers.msr);
    const Locked devices(vcpu.partition->devices);
    vcpu.partition->end(partition::StopReason::none);
    return Next::leave;
}

/// POWER8's floating point has met a denormal operand that it wants in another form (HSRR1[43]). With the registers put
/// into that form the instruction, the one before HSRR0, is done again, and the partition sees what IEEE 754 says.
Next denormal_assist(Vcpu& vcpu, std::uint64_t hsrr1) {
    constexpr std::uint64_t denormal_operand = ibm_bit(43);
    if ((hsrr1 & denormal_operand) == 0)
        return machine_failure(vcpu, 0x1500);
    normalize_vector_registers();
    vcpu.registers.nip -= 4;
    return Next::resume;
}

Next handle(Vcpu& vcpu, std::uint64_t vector) {
    // Without the bits that the interrupt itself put into the image of MSR.
    const std::uint64_t image = vcpu.registers.msr;
    vcpu.registers.msr &= ~partition::srr1::interrupt_bits;
    switch (vector) {
    case 0xe00:
        return data_storage(vcpu);
    case 0xe20:
        return instruction_storage(vcpu, image);
    case 0xe40: // an instruction that this processor does not have
    case 0xf80: // a facility that we do not switch
        partition::deliver_interrupt(vcpu, Vector::program, partition::srr1::illegal);
        return Next::resume;
    case 0x1500:
        return denormal_assist(vcpu, image);
    case 0x500: // a kick, or a device's interrupt
    case 0xea0:
        kicked_out = true;
        return Next::leave;
    case 0x980:
    case 0xe60:
    case 0xe80:
        return Next::leave;
    default:
        return machine_failure(vcpu, vector);
    }
}

} // namespace

void set_vcpu_inside(Vcpu* vcpu) { vcpu_inside = vcpu; }

bool was_kicked_out() { return std::exchange(kicked_out, false); }

} // namespace arch

/// Every way out of a partition, from entry.S: whether to leave it, or go back in at once.
extern "C" arch::Next guest_exit(transom::partition::Registers*, std::uint64_t vector) {
    transom::partition::Vcpu& vcpu = *arch::vcpu_inside;
    transom::hcall::Observation& observation = vcpu.partition->observation;
    if (!observation.on()) [[likely]]
        return arch::handle(vcpu, vector);
    const std::uint64_t before = arch::timebase();
    const arch::Next next = arch::handle(vcpu, vector);
    if (next == arch::Next::resume)
        observation.record_other_exit(arch::timebase() - before);
    return next;
}

// entry.S knows these, and calls hcall::dispatch for a hypervisor call with the registers' address: it is the virtual
// processor's.
static_assert(offsetof(transom::partition::Vcpu, registers) == 0);
static_assert(transom::partition::srr1::interrupt_bits == 0x783f0000);
static_assert(sizeof(transom::hcall::Then) == 1 && sizeof(transom::hcall::Outcome) == 16 &&
              std::is_trivially_copyable_v<transom::hcall::Outcome>);
static_assert(offsetof(transom::hcall::Outcome, then) == 0 && transom::hcall::Then{} == transom::hcall::Then::resume);

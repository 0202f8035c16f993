// SPDX-License-Identifier: Apache-2.0
#include <arch/guest_spr.hpp>
#include <arch/processors.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>
#include <utility>

namespace transom::partition {
namespace {

/// ISA 3.0B Book III 6.5.1, 6.5.2: always in real mode, whatever the alternate interrupt location.
bool always_real_mode(Vector vector) { return vector == Vector::system_reset || vector == Vector::machine_check; }

/// Where interrupts taken with relocation on begin. ISA 3.0B Book III 2.2, LPCR[AIL].
std::uint64_t relocated_base(std::uint8_t alternate_location) {
    return alternate_location == 3 ? 0xc000000000004000 : 0x18000;
}

/// ISA 3.0B Book III 6.5, "MSR setting due to interrupt".
std::uint64_t msr_in_interrupt(std::uint64_t before, bool relocated, bool little_endian) {
    std::uint64_t after = before & ~(msr::tm | msr::vec | msr::vsx | msr::ee | msr::pr | msr::fp | msr::fe0 | msr::te |
                                     msr::fe1 | msr::ir | msr::dr | msr::pmm | msr::ri | msr::le);
    if (before & msr::ts_transactional)
        after = (after & ~msr::ts_transactional) | msr::ts_suspended;
    if (relocated)
        after |= msr::ir | msr::dr;
    if (little_endian)
        after |= msr::le;
    return after | msr::sf;
}

} // namespace

void deliver_interrupt(Vcpu& vcpu, Vector vector, std::uint64_t srr1_bits) {
    Registers& r = vcpu.registers;
    const InterruptMode& mode = vcpu.interrupt_mode;
    const bool relocated =
        mode.alternate_location != 0 && (r.msr & msr::ir) && (r.msr & msr::dr) && !always_real_mode(vector);
    arch::write_guest_spr<spr_index("SRR0")>(r, r.nip);
    arch::write_guest_spr<spr_index("SRR1")>(r, (r.msr & ~srr1::interrupt_bits) | (srr1_bits & srr1::interrupt_bits));
    r.msr = msr_in_interrupt(r.msr, relocated, mode.little_endian);
    r.nip = static_cast<std::uint32_t>(vector) + (relocated ? relocated_base(mode.alternate_location) : 0);
}

void reflect_data_storage(Vcpu& vcpu, EffectiveAddr address, std::uint64_t dsisr) {
    arch::write_guest_spr<spr_index("DAR")>(vcpu.registers, address.value);
    arch::write_guest_spr<spr_index("DSISR")>(vcpu.registers, dsisr);
    deliver_interrupt(vcpu, Vector::data_storage);
}

bool external_pending(const Vcpu& vcpu) { return vcpu.presentation.asserts(vcpu.partition->sources, vcpu.index); }

namespace {

/// Whether what has happened to it may end its wait.
bool hears(const Vcpu& vcpu) {
    const Locked events(vcpu.partition->events);
    if (!vcpu.waits())
        return vcpu.state == VcpuState::ready;
    return vcpu.prodded || vcpu.reset_pending || ((vcpu.registers.msr & msr::ee) != 0 && external_pending(vcpu));
}

} // namespace

void alert(const Vcpu& vcpu) {
    const std::uint32_t on = vcpu.on.load();
    if (on == Vcpu::nowhere && vcpu.contender.home != Contender::anywhere) {
        if (hears(vcpu))
            arch::kick(vcpu.contender.home); // it sleeps, or others use it: they are not driven out for nothing
    } else if (on == Vcpu::nowhere)
        vcpu.partition->pool->sleepers.wake_one();
    else if (on != arch::processor_index())
        arch::kick(on);
}

void alert(const Partition& partition) {
    if (!partition.share.claim.dedicated())
        return partition.pool->sleepers.wake_one(); // who wakes the next, if there is more to do
    for (const Contender* contender : partition.share.contenders)
        if (contender->home != Contender::anywhere)
            arch::kick(contender->home);
}

void alert_server(Partition& partition, std::uint32_t source) {
    std::uint32_t server = Vcpu::nowhere;
    {
        const Locked events(partition.events); // ibm,set-xive may name another at this moment
        if (const interrupt::Source* const found = partition.sources.find(source))
            server = found->server;
    }
    if (server < partition.vcpu_count)
        alert(partition.vcpus[server]);
}

bool deliver_pending(Vcpu& vcpu) {
    const Locked events(vcpu.partition->events);
    const bool reset = std::exchange(vcpu.reset_pending, false);
    if (reset)
        deliver_interrupt(vcpu, Vector::system_reset); // with MSR[EE] off
    if (!external_pending(vcpu))
        return reset;
    if ((vcpu.registers.msr & msr::ee) == 0) {
        vcpu.external_raised = arch::presents_external();
        if (vcpu.external_raised)
            arch::raise_external();
        return reset;
    }
    deliver_interrupt(vcpu, Vector::external);
    return true;
}

void withdraw_external(Vcpu& vcpu) {
    if (!vcpu.external_raised || external_pending(vcpu))
        return;
    arch::lower_external();
    vcpu.external_raised = false;
}

} // namespace transom::partition

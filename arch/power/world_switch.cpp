// SPDX-License-Identifier: Apache-2.0
#include "emulator.hpp"
#include "entry_state.hpp"
#include "exits.hpp"
#include "lpcr.hpp"
#include "rendezvous.hpp"
#include "second_table.hpp"
#include "spr.hpp"
#include "time_base.hpp"

#include <arch/clock.hpp>
#include <arch/machine.hpp>
#include <arch/processors.hpp>
#include <arch/world.hpp>
#include <cstddef>
#include <transom/base/big_endian.hpp>
#include <transom/base/panic.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/decrementer.hpp>
#include <transom/partition/deliver.hpp>
#include <utility>

namespace arch {

using transom::partition::Partition;
using transom::partition::Registers;
using transom::partition::SlbEntry;
using transom::partition::spr_list;
using transom::partition::Vcpu;

// entry.S knows these.
static_assert(offsetof(EntryState, scratch_r12) == 0 && offsetof(EntryState, scratch_r11) == 8 &&
              offsetof(EntryState, scratch_cr) == 16 && offsetof(EntryState, registers) == 24 &&
              offsetof(EntryState, host_stack) == 32 && offsetof(EntryState, nap_stack) == 40);
static_assert(offsetof(Registers, gpr) == 0 && offsetof(Registers, nip) == 256 && offsetof(Registers, msr) == 264 &&
              offsetof(Registers, cr) == 272 && offsetof(Registers, lr) == 280 && offsetof(Registers, ctr) == 288 &&
              offsetof(Registers, xer) == 296);
static_assert(offsetof(Registers, fpscr) - offsetof(Registers, vsr) == 1024 &&
              offsetof(Registers, vscr) - offsetof(Registers, vsr) == 1032);

extern "C" void enter_guest(Registers* registers);
extern "C" void save_vector_registers(void* vsr);
extern "C" void load_vector_registers(const void* vsr);

namespace {

constexpr std::uint64_t msr_hv = transom::ibm_bit(3);
constexpr std::uint64_t msr_me = transom::ibm_bit(51);
constexpr std::uint64_t counters_frozen = transom::ibm_bit(32); // MMCR0[FC], and so in MMCRS
/// Free and freeze the performance monitor, and POWER8's second one, SPMC1 and 2, which MMCR0 does not govern: they are
/// loaded last and saved first.
constexpr std::size_t supervisor_monitor_control = spr_list.size() - 2;
constexpr std::size_t monitor_control = spr_list.size() - 1;
static_assert(spr_list[supervisor_monitor_control].name == "MMCRS" && spr_list[monitor_control].name == "MMCR0");

// A switch of SPRs is a line of mfspr or mtspr per register, made from spr_list; a register that this generation of
// processors lacks is passed over. One that an emulator does not have yet reads as zero: the move does nothing (ISA 3.0B
// Book III 4.4.4), and what the general register held before is nobody's business.
template <std::size_t index> void save_spr(Registers& registers, unsigned generation) {
    if (!spr_list[index].is_on(generation))
        return;
    std::uint64_t value = 0;
    asm volatile("mfspr %0, %1" : "+r"(value) : "i"(spr_list[index].number));
    registers.spr[index] = value & spr_list[index].kept;
}

template <std::size_t index> void load_spr(const Registers& registers, unsigned generation) {
    if (spr_list[index].is_on(generation))
        asm volatile("mtspr %1, %0" ::"r"(registers.spr[index]), "i"(spr_list[index].written_as));
}

template <std::size_t... index>
void save_sprs(Registers& registers, unsigned generation, std::index_sequence<index...>) {
    (save_spr<index>(registers, generation), ...);
}

template <std::size_t... index>
void load_sprs(const Registers& registers, unsigned generation, std::index_sequence<index...>) {
    (load_spr<index>(registers, generation), ...);
}

/// Keeps the controls of the performance monitors and stops them: their counters are not to count us.
void save_and_freeze_monitors(Registers& registers, unsigned generation) {
    save_spr<monitor_control>(registers, generation);
    mtspr<Spr::mmcr0>(counters_frozen);
    if (generation < 9) {
        save_spr<supervisor_monitor_control>(registers, generation);
        mtspr<Spr::mmcrs>(counters_frozen);
    }
}

/// No partition's larx is to be completed by another's stcx: the reservation ends here.
void end_reservation() {
    std::uint64_t word;
    asm volatile("stdcx. %1, 0, %2" : "=m"(word) : "r"(0), "r"(&word) : "cr0");
}

constexpr std::uint64_t slb_valid = transom::ibm_bit(36); // of the E word

void save_slb(std::array<SlbEntry, 32>& slb) {
    for (std::uint64_t i = 0; i < slb.size(); ++i) {
        std::uint64_t e = 0, v = 0;
        asm volatile("slbmfee %0, %1" : "=r"(e) : "r"(i));
        if ((e & slb_valid) != 0) {
            asm volatile("slbmfev %0, %1" : "=r"(v) : "r"(i));
            slb[i] = {e | i, v}; // slbmte takes the index in the low bits
        } else {
            slb[i] = {};
        }
    }
}

void load_slb(const std::array<SlbEntry, 32>& slb) {
    // slbia leaves entry 0 alone: overwrite that first.
    asm volatile("isync; slbmte %0, %0; slbia; isync" ::"r"(std::uint64_t{0}) : "memory");
    for (const SlbEntry& entry : slb)
        if ((entry.e & slb_valid) != 0)
            asm volatile("slbmte %0, %1" ::"r"(entry.v), "r"(entry.e) : "memory");
    isync();
}

std::uint64_t guest_lpcr(const Vcpu& vcpu, std::uint64_t host, unsigned generation) {
    std::uint64_t value = host & ~(lpcr::pece | lpcr::host_radix | lpcr::uprt | lpcr::lpes0);
    value |= lpcr::vpm1 | lpcr::hdice;
    // A kick comes out of the partition, whatever its MSR[EE]: as XIVE's interrupt to the hypervisor, or as POWER8's external
    // interrupt.
    if (generation >= 9)
        value |= lpcr::online | lpcr::lpes0 | lpcr::hvice;
    else
        value |= lpcr::vpm0 | (vcpu.partition->hpt.root().large_real_mode_pages ? lpcr::vrmasd_64k : 0);
    if (vcpu.interrupt_mode.little_endian)
        value |= lpcr::ile;
    value |= std::uint64_t{vcpu.interrupt_mode.alternate_location} << lpcr::ail_shift;
    return value;
}

// Partition-table entries: 16 bytes each, big-endian; the first doubleword is the page table's base and size.
constexpr std::uint64_t pate_vrma_64k = 0xa0; // PS: page size of the virtual real mode area

struct PartitionTableEntry {
    transom::Be<std::uint64_t> table;
    transom::Be<std::uint64_t> process_table;
};

constexpr std::uint32_t lpids = 2 * (max_lpid + 1); // with the second ones
static_assert(lpids * sizeof(PartitionTableEntry) <= partition_table_size);

} // namespace

void set_page_table(std::uint32_t lpid, const transom::hpt::TableRoot& table) {
    transom::invariant(lpid < lpids, "LPID out of range");
    if (processor_generation() >= 9) {
        const std::uint64_t partition_table = mfspr<Spr::ptcr>() & ~std::uint64_t{0xfff};
        auto* entries = reinterpret_cast<PartitionTableEntry*>(real_pointer({partition_table}));
        entries[lpid] = {table_word(table) | (table.large_real_mode_pages ? pate_vrma_64k : 0), std::uint64_t{0}};
        // Processors may hold the entry of the partition that had this number before (ISA 3.0B Book III 5.10.1.2): RIC=2 makes all forget
        // it, with the translations that came from it.
        asm volatile(".machine push\n\t"
                     ".machine power9\n\t"
                     "ptesync\n\t"
                     "tlbie %0, %1, 2, 0, 0\n\t"
                     "eieio\n\t"
                     "tlbsync\n\t"
                     "ptesync\n\t"
                     ".machine pop"
                     :
                     : "r"(transom::hpt::tlbie_partition), "r"(std::uint64_t{lpid})
                     : "memory");
    }
}

void run(Vcpu& vcpu, std::uint64_t slice) {
    Registers& registers = vcpu.registers;
    const Partition& partition = *vcpu.partition;
    const unsigned generation = processor_generation();
    const std::uint64_t host_lpcr = mfspr<Spr::lpcr>();
    begin_inside(partition.lpid);

    constexpr auto all = std::make_index_sequence<spr_list.size()>{};
    load_vector_registers(registers.vsr.data());
    load_slb(registers.slb);
    load_sprs(registers, generation, all);
    shift_timebase(partition.timebase_offset);
    catch_up_with_time();
    mtspr<Spr::dec>(
        transom::partition::decrementer_at(vcpu.decrementer_expiry, timebase() + partition.timebase_offset));
    take_table(vcpu);
    mtspr<Spr::lpcr>(guest_lpcr(vcpu, host_lpcr, generation));
    mtspr<Spr::hdec>(slice);
    isync();

    set_vcpu_inside(&vcpu);
    transom::partition::deliver_pending(vcpu);
    registers.msr = (registers.msr & ~msr_hv) | msr_me;
    enter_guest(&registers);

    set_vcpu_inside(nullptr);
    if (std::exchange(vcpu.external_raised, false))
        lower_external();
    mtspr<Spr::hdec>(0x7fffffff);
    mtspr<Spr::lpcr>(host_lpcr);
    // Before the time base, as on the way in after it: what goes by between the two makes it late, never early.
    const auto decrementer = static_cast<std::uint32_t>(mfspr<Spr::dec>());
    vcpu.decrementer_expiry =
        transom::partition::decrementer_expiry(decrementer, timebase() + partition.timebase_offset);
    mtspr<Spr::dec>(0x7fffffff);
    publish_time();
    save_and_freeze_monitors(registers, generation);
    save_sprs(registers, generation, std::make_index_sequence<supervisor_monitor_control>{});
    if (emulated())
        clear_emulators_registers(generation);
    end_reservation();
    save_slb(registers.slb);
    save_vector_registers(registers.vsr.data());
    isync();
    ptesync(); // what it has set of R and C is there: who is outside counts as flushed
    end_inside();
    // With nothing of the partition left in the machine: it may take a call of firmware.
    if (was_kicked_out())
        acknowledge_kick();
}

} // namespace arch

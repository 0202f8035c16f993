// SPDX-License-Identifier: Apache-2.0
#include "second_table.hpp"

#include "instruction_count.hpp"
#include "spr.hpp"

#include <arch/clock.hpp>
#include <arch/machine.hpp>
#include <arch/processors.hpp>
#include <arch/world.hpp>
#include <optional>
#include <transom/base/panic.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

namespace arch {

using transom::EffectiveAddr;
using transom::partition::Vcpu;
using namespace transom::dual;
namespace msr = transom::partition::msr;

namespace {

/// POWER8's TLB has one LPID for both tables: what it holds of the one that was left must go. 512 congruence classes
/// (ISA 2.07B Book III-S 5.9.3.3: tlbiel with IS=0b10 takes the matching LPID's of a class).
void invalidate_own_tlb() {
    constexpr std::uint64_t classes = 512, of_lpid = 0x800;
    ptesync();
    for (std::uint64_t i = 0; i < classes; ++i)
        asm volatile("tlbiel %0" ::"r"(i << 12 | of_lpid) : "memory");
    ptesync();
}

// The V word of a segment: ISA 3.0B Book III 5.7.7.2.
namespace segment {
constexpr std::uint64_t supervisor_key = transom::ibm_bit(52), problem_key = transom::ibm_bit(53);
constexpr std::uint64_t no_execute = transom::ibm_bit(54);
constexpr std::uint64_t page_size = transom::ibm_bit(55) | transom::ibm_mask(58, 59);
} // namespace segment

/// The V word of the segment of an address, from the partition's segments that the processor still has.
std::optional<std::uint64_t> segment_of(EffectiveAddr address) {
    constexpr std::uint64_t esid = ~((std::uint64_t{1} << 28) - 1);
    std::uint64_t v, condition;
    asm volatile("slbfee. %0, %2\n\tmfcr %1" : "=r"(v), "=r"(condition) : "r"(address.value & esid) : "cr0");
    constexpr std::uint64_t cr0_eq = 0x20000000;
    if ((condition & cr0_eq) == 0)
        return {};
    return v;
}

papr::PageSize base_page_size(std::uint64_t v) {
    for (const papr::PageSize size : {papr::PageSize::kib_4, papr::PageSize::kib_64, papr::PageSize::mib_16})
        if ((v & segment::page_size) == papr::segment_encoding(size))
            return size;
    return papr::PageSize::kib_4;
}

std::uint64_t mfspr_amr() {
    std::uint64_t value;
    asm volatile("mfspr %0, 29" : "=r"(value)); // AMR: still the partition's
    return value;
}

std::uint64_t mfspr_iamr() {
    std::uint64_t value;
    asm volatile("mfspr %0, 61" : "=r"(value));
    return value;
}

Access access_of(const Vcpu& vcpu, EffectiveAddr address, AccessKind kind, std::uint64_t v) {
    const auto size = static_cast<papr::SegmentSize>(static_cast<std::uint8_t>(v >> 62));
    const unsigned shift = papr::shift(size);
    const std::uint64_t key = (vcpu.registers.msr & msr::pr) != 0 ? segment::problem_key : segment::supervisor_key;
    return {
        .place = {size, (v & transom::ibm_mask(2, 51)) >> (shift == 40 ? 24 : 12),
                  address.value & ((std::uint64_t{1} << shift) - 1)},
        .base = base_page_size(v),
        .kind = kind,
        .key = (v & key) != 0,
        .segment_no_execute = (v & segment::no_execute) != 0,
        .amr = mfspr_amr(),
        .iamr = mfspr_iamr(),
    };
}

} // namespace

std::uint32_t second_lpid(std::uint32_t lpid) { return processor_generation() >= 9 ? lpid + max_lpid + 1 : lpid; }

namespace {

void set_table(Vcpu& vcpu) {
    const transom::partition::Partition& partition = *vcpu.partition;
    PartitionEngine& engine = *partition.dual;
    const Entry way = engine.enter(vcpu.index, processor_index());
    const bool second = way.table == Which::second;
    vcpu.comes_back = way.comes_back;
    if (processor_generation() < 9) {
        mtspr<Spr::sdr1>(table_word(second ? engine.root() : partition.hpt.root()));
        mtspr<Spr::lpidr>(partition.lpid);
        isync();
        if (way.flush)
            invalidate_own_tlb();
    } else {
        mtspr<Spr::lpidr>(second ? engine.lpids().second : partition.lpid);
    }
}

} // namespace

void take_table(Vcpu& vcpu) {
    PartitionEngine& engine = *vcpu.partition->dual;
    if (!vcpu.comes_back || engine.phase() == Phase::dual) [[likely]]
        return set_table(vcpu);
    const std::uint64_t began = timebase();
    const InstructionCount halt;
    set_table(vcpu);
    engine.count_switch(SwitchWay::on_entry, {halt.count(), timebase() - began});
}

bool walks_second_table(const Vcpu& vcpu) { return vcpu.partition->dual->walks_second(vcpu.index); }

namespace {

FaultOutcome serve(Vcpu& vcpu, EffectiveAddr address, AccessKind kind, std::uint64_t cause) {
    PartitionEngine& engine = *vcpu.partition->dual;
    const std::uint64_t relocates = kind == AccessKind::fetch ? msr::ir : msr::dr;
    const bool real_mode = (vcpu.registers.msr & relocates) == 0;
    if (engine.changes_table())
        return engine.fault_while_changing(address, real_mode, vcpu.partition->memory, cause);
    if (real_mode)
        return engine.fault_in_real_mode(vcpu.index, address, kind, vcpu.partition->memory, cause);
    const auto v = segment_of(address);
    if (!v) // nobody but the partition changes its segments: it faults again, and then there is one
        return {};
    return engine.fault(vcpu.index, access_of(vcpu, address, kind, *v));
}

} // namespace

Served serve_second_table(Vcpu& vcpu, EffectiveAddr address, AccessKind kind, std::uint64_t& cause) {
    PartitionEngine& engine = *vcpu.partition->dual;
    const std::uint64_t began = timebase();
    std::optional<InstructionCount> halt;
    if (engine.phase() != Phase::dual)
        halt.emplace();
    else if (kind == AccessKind::store && vcpu.toll.pay(began))
        return Served::wait;
    const FaultOutcome outcome = serve(vcpu, address, kind, cause);
    engine.count_fault(timebase() - began);
    switch (outcome.answer) {
    case FaultAnswer::again:
        if (outcome.stores != 0)
            vcpu.toll.granted((outcome.stores + vcpu.partition->granule - 1) / vcpu.partition->granule);
        return Served::again;
    case FaultAnswer::reflect:
        cause = outcome.cause;
        return Served::reflect;
    case FaultAnswer::change_table:
        set_table(vcpu);
        isync();
        if (halt)
            engine.count_switch(SwitchWay::by_fault, {halt->count(), timebase() - began});
        return Served::again;
    case FaultAnswer::missing:
        // It may have come since; and what the entry maps may be more than a page of ours.
        if (const auto page = vcpu.partition->memory.first_missing(outcome.page, outcome.size)) {
            vcpu.awaits = page->value;
            return Served::wait;
        }
        return Served::again;
    }
    transom::panic("a fault has no such answer");
}

} // namespace arch

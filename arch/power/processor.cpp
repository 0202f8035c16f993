// SPDX-License-Identifier: Apache-2.0
#include "entry_state.hpp"
#include "lpcr.hpp"
#include "spr.hpp"

#include <arch/machine.hpp>
#include <arch/processors.hpp>
#include <arch/real_memory.hpp>
#include <arch/world.hpp>
#include <cstring>
#include <transom/base/panic.hpp>
#include <utility>

extern "C" const std::byte vectors_template[], vectors_template_end[];
extern "C" const std::byte supervisor_wake[], supervisor_wake_end[];
extern "C" const std::byte hypercall_vector[], hypercall_vector_end[];
extern "C" std::uint32_t hypervisor_test;
extern "C" void idle_nap();
extern "C" void supervisor_sleep(std::uint64_t ticks);

namespace arch {

extern "C" {
constinit thread_local EntryState entry_state{};
}

namespace {

constexpr transom::RealAddr vectors_base{0x100};

// Hypervisor facility status and control, ISA 3.1 Book III 2.8 / 6.2.12: all that is switched; neither
// transactional memory nor the branch history, nor doorbells to other threads (MSGP, bit 53; POWER8 grants them always).
constexpr std::uint64_t facilities = 1 << 0     // FP
                                     | 1 << 1   // VMX, VSX
                                     | 1 << 2   // DSCR
                                     | 1 << 3   // performance monitor
                                     | 1 << 7   // event-based branches
                                     | 1 << 8   // TAR
                                     | 1 << 12  // scv
                                     | 1 << 13; // prefixed instructions

/// A register whose value is whatever the destination held before is none.
template <std::size_t index> bool is_absent() {
    if (!transom::partition::spr_list[index].is_on(processor_generation()))
        return false;
    std::uint64_t zeros = 0, ones = ~std::uint64_t{0};
    asm volatile("mfspr %0, %2; mfspr %1, %2"
                 : "+r"(zeros), "+r"(ones)
                 : "i"(transom::partition::spr_list[index].number));
    return zeros == 0 && ones == ~std::uint64_t{0};
}

template <std::size_t... index> void find_absent(transom::partition::SprSet& absent, std::index_sequence<index...>) {
    (absent.set(index, is_absent<index>()), ...);
}

void replace_spr(std::uint32_t& instruction, unsigned from, unsigned to) {
    // mfspr and mtspr carry the register number with its halves swapped, at bit 11.
    const auto field = [](unsigned spr) { return ((spr & 0x1f) << 5 | spr >> 5) << 11; };
    const std::uint32_t opcode = instruction & 0xfc0007fe;
    if ((opcode == 0x7c0003a6 || opcode == 0x7c0002a6) && (instruction & 0x1ff800) == field(from))
        instruction = (instruction & ~0x1ff800u) | field(to);
}

} // namespace

bool in_hypervisor_state() {
    std::uint64_t msr;
    asm volatile("mfmsr %0" : "=r"(msr));
    return (msr & transom::ibm_bit(3)) != 0;
}

std::uint32_t processor_version() { return static_cast<std::uint32_t>(mfspr<Spr::pvr>()); }

unsigned processor_generation() {
    switch (processor_version() >> 16) {
    case 0x004b: // POWER8E
    case 0x004c: // POWER8NVL
    case 0x004d: // POWER8
        return 8;
    case 0x004e:
        return 9;
    case 0x0080:
    case 0x0082: // POWER11: ISA 3.1
        return 10;
    default:
        transom::panic("this processor is none of POWER8, POWER9 and POWER10");
    }
}

std::uint32_t processor_identification() { return static_cast<std::uint32_t>(mfspr<Spr::pir>()); }

bool has_second_watchpoint() {
    if (processor_generation() < 10)
        return false;
    constexpr std::uint64_t pattern = 0x5a5a'0000'1234'5678; // doubleword aligned, as the register is
    std::uint64_t kept = 0;
    asm volatile("mtspr 181, %1; isync; mfspr %0, 181; mtspr 181, %2" : "+r"(kept) : "r"(pattern), "r"(0));
    return kept == pattern;
}

transom::partition::SprSet absent_registers() {
    transom::partition::SprSet absent;
    find_absent(absent, std::make_index_sequence<transom::partition::spr_count>{});
    return absent;
}

std::optional<std::uint64_t> hardware_random() {
    std::uint64_t number = 0;
    asm volatile(".machine push; .machine power9; darn %0, 1; .machine pop" : "=r"(number));
    if (number == ~std::uint64_t{0}) // ISA 3.0B Book I 3.3.9: none was there
        return std::nullopt;
    return number;
}

void install_vectors(bool hypervisor_mode) {
    const auto size = static_cast<std::size_t>(vectors_template_end - vectors_template);
    std::byte* const to = real_pointer(vectors_base);
    const auto replace_vector = [](transom::RealAddr vector, const std::byte* begin, const std::byte* end) {
        std::memcpy(real_pointer(vector), begin, static_cast<std::size_t>(end - begin));
    };
    std::memcpy(to, vectors_template, size);
    if (hypervisor_mode) {
        replace_vector({0xc00}, hypercall_vector, hypercall_vector_end);
    } else {
        for (std::size_t at = 0; at < size; at += 4) {
            auto& instruction = *reinterpret_cast<std::uint32_t*>(to + at);
            replace_spr(instruction, 304, 272);
            replace_spr(instruction, 305, 273);
        }
        replace_vector({0x900}, supervisor_wake, supervisor_wake_end);
        hypervisor_test = 0x2c0c0000; // cmpwi r12, 0: r12 is the vector
        asm volatile("dcbst 0, %0; sync; icbi 0, %0" ::"r"(&hypervisor_test) : "memory");
    }
    for (std::size_t at = 0; at < size; at += 128)
        asm volatile("dcbst 0, %0; sync; icbi 0, %0" ::"r"(to + at) : "memory");
    asm volatile("sync; isync" ::: "memory");
    std::uint64_t anchor;
    asm volatile("mr %0, 13" : "=r"(anchor));
    if (hypervisor_mode)
        mtspr<Spr::hsprg0>(anchor);
    else
        mtspr<Spr::sprg0>(anchor);
}

void initialize_processor(transom::RealAddr partition_table) {
    std::uint64_t anchor;
    asm volatile("mr %0, 13" : "=r"(anchor));
    mtspr<Spr::hsprg0>(anchor);
    mtspr<Spr::hfscr>(facilities);
    mtspr<Spr::amor>(~std::uint64_t{0});
    // With HVICE a kick ends a sleep; without HDICE a turn that was over before we were out of the partition does not.
    std::uint64_t lpcr = mfspr<Spr::lpcr>() & ~(lpcr::pece | lpcr::host_radix | lpcr::uprt | lpcr::hvice | lpcr::hdice);
    if (processor_generation() >= 9)
        lpcr |= lpcr::hvice;
    mtspr<Spr::lpcr>(lpcr | lpcr::pece_decrementer | lpcr::pece_external | lpcr::lpes0);
    if (processor_generation() >= 9)
        mtspr<Spr::ptcr>(partition_table.value | 4); // 2^(12 + 4) bytes
    isync();
}

void idle(std::uint64_t ticks) {
    // The hypervisor's decrementer is set further away: it must not expire here, where nobody takes its interrupt.
    constexpr std::uint64_t longest = 0x3fffffff, further = 0x7fffffff;
    if (!in_hypervisor_state())
        return supervisor_sleep(ticks < longest ? ticks : longest);
    mtspr<Spr::hdec>(further);
    mtspr<Spr::dec>(ticks < longest ? ticks : longest);
    if (processor_generation() >= 9) {
        mtspr<Spr::psscr>(0);
        asm volatile("ptesync; stop" ::: "memory");
    } else {
        idle_nap();
    }
    // The expired decrementer must not end the next sleep at once.
    mtspr<Spr::dec>(further);
    acknowledge_kick();
}

} // namespace arch

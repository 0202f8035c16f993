// SPDX-License-Identifier: Apache-2.0
#include "emulator.hpp"

#include "spr.hpp"

#include <arch/machine.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <transom/base/bits.hpp>
#include <utility>

namespace arch {

namespace {

constinit bool is_emulated = false;

// Read in QEMU 7.2 and 10.0, target/ppc/cpu_init.c. A move to one that this version does not have does nothing there.
constexpr std::array on_all = {
    282, // EAR
    768, // SIER, BESCRS and BESCRR by problem state's names: of their own when written in supervisor state
    800, //
    802,
};
constexpr std::array on_power9 = {
    31, // ACOP, TACR, TCSCR, CSIGR, SPMC1, SPMC2, MMCRS, WORT: POWER8's
    888, 889, 890, 892, 893, 894, 895,
    885, // RWMR: the hypervisor's
};
constexpr std::array on_power10 = {
    736, // SIER2, SIER3, MMCR3, as SIER
    737,
    738,
};
constexpr std::array transactional = {128, 129, 130}; // TFHAR, TFIAR, TEXASR: QEMU asks MSR[TM] only, not HFSCR

template <int number> void zero() { asm volatile("mtspr %1, %0" ::"r"(std::uint64_t{0}), "i"(number)); }

template <const auto& numbers> void clear() {
    []<std::size_t... index>(std::index_sequence<index...>) { (zero<numbers[index]>(), ...); }
    (std::make_index_sequence<numbers.size()>{});
}

std::uint64_t mfmsr() {
    std::uint64_t msr;
    asm volatile("mfmsr %0" : "=r"(msr));
    return msr;
}

void mtmsr(std::uint64_t msr) { asm volatile("mtmsrd %0; isync" ::"r"(msr) : "memory"); }

void clear_transactional() {
    constexpr std::uint64_t msr_tm = transom::ibm_bit(31);
    const std::uint64_t msr = mfmsr();
    mtmsr(msr | msr_tm);
    if ((mfmsr() & msr_tm) != 0) // else nobody reaches them
        clear<transactional>();
    mtmsr(msr);
}

} // namespace

bool emulated() { return is_emulated; }

void set_emulated(bool emulated) { is_emulated = emulated; }

void clear_emulators_registers(unsigned generation) {
    clear<on_all>();
    if (generation >= 9)
        clear<on_power9>();
    if (generation >= 10)
        clear<on_power10>();
    clear_transactional();
}

} // namespace arch

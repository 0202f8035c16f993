// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace guest {

template <unsigned number> std::uint64_t read_spr() {
    std::uint64_t value;
    asm volatile("mfspr %0, %1" : "=r"(value) : "n"(number) : "memory");
    return value;
}

template <unsigned number> void write_spr(std::uint64_t value) {
    asm volatile("mtspr %1, %0" : : "r"(value), "n"(number) : "memory");
}

namespace spr {
constexpr unsigned dscr = 3, dsisr = 18, dar = 19, decrementer = 22, srr0 = 26, srr1 = 27, amr = 29, fscr = 153,
                   vrsave = 256, timebase = 268, sprg0 = 272, sprg1 = 273, sprg2 = 274, sprg3 = 275, pvr = 287,
                   tar = 815;
} // namespace spr

namespace msr {
constexpr std::uint64_t sf = std::uint64_t{1} << 63, vec = 0x0200'0000, vsx = 0x0080'0000, ee = 0x8000, pr = 0x4000,
                        fp = 0x2000, me = 0x1000, ir = 0x20, dr = 0x10, ri = 0x2, le = 0x1;
} // namespace msr

inline std::uint64_t read_msr() {
    std::uint64_t value;
    asm volatile("mfmsr %0" : "=r"(value) : : "memory");
    return value;
}

inline void write_msr(std::uint64_t value) { asm volatile("mtmsrd %0\n isync" : : "r"(value) : "memory"); }

/// External and decrementer interrupts on or off.
inline void allow_interrupts(bool on) { write_msr(on ? read_msr() | msr::ee : read_msr() & ~msr::ee); }

inline std::uint64_t timebase() { return read_spr<spr::timebase>(); }

/// Ticks of the decrementer until its interrupt; at most 2^31 - 1.
inline void set_decrementer(std::uint64_t ticks) { write_spr<spr::decrementer>(ticks); }
constexpr std::uint64_t decrementer_idle = 0x7fff'ffff;

} // namespace guest

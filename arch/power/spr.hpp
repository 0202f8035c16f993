// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// Special purpose registers that only the hypervisor has. Power ISA 3.1 Book III; POWER8: 2.07.
enum class Spr : std::uint16_t {
    dec = 22,
    sdr1 = 25, // POWER8
    tbl = 284, // as these are written
    tbu = 285,
    tbu40 = 286,
    pvr = 287,
    hsprg0 = 304,
    hdsisr = 306,
    hdar = 307,
    hdec = 310,
    lpcr = 318,
    lpidr = 319,
    amor = 349,
    ptcr = 464, // POWER9 and later
    hfscr = 190,
    mmcr0 = 795,
    mmcr2 = 785,
    pmc5 = 791,
    pmc6 = 792,
    mmcrs = 894, // POWER8
    sprg0 = 272,
    psscr = 855, // POWER9 and later
    pir = 1023,
};

template <Spr spr> std::uint64_t mfspr() {
    std::uint64_t value;
    asm volatile("mfspr %0, %1" : "=r"(value) : "i"(static_cast<int>(spr)));
    return value;
}

template <Spr spr> void mtspr(std::uint64_t value) {
    asm volatile("mtspr %1, %0" ::"r"(value), "i"(static_cast<int>(spr)) : "memory");
}

inline void isync() { asm volatile("isync" ::: "memory"); }
inline void ptesync() { asm volatile("ptesync" ::: "memory"); }

} // namespace arch

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/bits.hpp>

namespace arch::lpcr {

// Power ISA 3.0B Book III 2.2, POWER8: 2.07B Book III-S 2.2.
constexpr std::uint64_t vpm0 = transom::ibm_bit(0);              // POWER8: faults of real mode come to the hypervisor
constexpr std::uint64_t vpm1 = transom::ibm_bit(1);              // faults of virtual mode too
constexpr std::uint64_t vrmasd_64k = std::uint64_t{0x110} << 43; // POWER8: page size of the virtual real mode area
constexpr unsigned ail_shift = 23;                               // alternate interrupt location
constexpr std::uint64_t online = transom::ibm_bit(45);           // POWER9 and later: PURR and SPURR count
constexpr std::uint64_t ile = transom::ibm_bit(38);
constexpr std::uint64_t pece = 0x1f000; // exits from power saving (bits 47-51)
constexpr std::uint64_t pece_decrementer = 0x2000;
constexpr std::uint64_t pece_external = 0x4000;
constexpr std::uint64_t mer =
    transom::ibm_bit(52); // an external interrupt when MSR[EE] is on: to the hypervisor, where LPES0 is off
constexpr std::uint64_t lpes0 = transom::ibm_bit(60);
constexpr std::uint64_t hvice = transom::ibm_bit(62);
constexpr std::uint64_t hdice = transom::ibm_bit(63);
constexpr std::uint64_t host_radix = transom::ibm_bit(43);
constexpr std::uint64_t uprt = transom::ibm_bit(41);

} // namespace arch::lpcr

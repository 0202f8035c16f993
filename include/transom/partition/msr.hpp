// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/bits.hpp>

/// Bits of the machine state register. ISA 3.0B Book III 4.2.1 (TM and TS: 2.07 to 3.0).
namespace transom::partition::msr {

constexpr std::uint64_t sf = ibm_bit(0); // 64-bit mode
constexpr std::uint64_t hv = ibm_bit(3); // hypervisor state
constexpr std::uint64_t ts_transactional = ibm_bit(29);
constexpr std::uint64_t ts_suspended = ibm_bit(30);
constexpr std::uint64_t tm = ibm_bit(31);  // transactional memory available
constexpr std::uint64_t vec = ibm_bit(38); // vector available
constexpr std::uint64_t vsx = ibm_bit(40);
constexpr std::uint64_t ee = ibm_bit(48); // external interrupts enabled
constexpr std::uint64_t pr = ibm_bit(49); // problem state
constexpr std::uint64_t fp = ibm_bit(50); // floating point available
constexpr std::uint64_t me = ibm_bit(51); // machine check enabled
constexpr std::uint64_t fe0 = ibm_bit(52);
constexpr std::uint64_t te = ibm_mask(53, 54); // trace
constexpr std::uint64_t fe1 = ibm_bit(55);
constexpr std::uint64_t ir = ibm_bit(58);  // instruction relocate
constexpr std::uint64_t dr = ibm_bit(59);  // data relocate
constexpr std::uint64_t pmm = ibm_bit(61); // performance monitor mark
constexpr std::uint64_t ri = ibm_bit(62);  // recoverable interrupt
constexpr std::uint64_t le = ibm_bit(63);  // little-endian

} // namespace transom::partition::msr

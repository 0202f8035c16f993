// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/base/address.hpp>

namespace arch {

/// Makes what was stored to memory what is executed from it, on every processor. ISA 3.0B Book II 1.8.
inline void synchronize_instructions(transom::RealAddr begin, transom::Bytes n) {
    constexpr transom::Bytes line = 128;
    for (transom::RealAddr at = begin.align_down(line); at < begin + n; at = at + line)
        asm volatile("dcbst 0, %0" ::"r"(at.value) : "memory");
    asm volatile("sync" ::: "memory");
    for (transom::RealAddr at = begin.align_down(line); at < begin + n; at = at + line)
        asm volatile("icbi 0, %0" ::"r"(at.value) : "memory");
    asm volatile("sync; isync" ::: "memory");
}

/// Writes what is in the data caches back to memory and out of them. ISA 3.0B Book II 4.3.2.
inline void flush_data(transom::RealAddr begin, transom::Bytes n) {
    constexpr transom::Bytes line = 128;
    for (transom::RealAddr at = begin.align_down(line); at < begin + n; at = at + line)
        asm volatile("dcbf 0, %0" ::"r"(at.value) : "memory");
    asm volatile("sync" ::: "memory");
}

} // namespace arch

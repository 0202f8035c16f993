// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/tlb.hpp>

namespace transom::dual {

/// By which numbers the TLBs know what they hold of the two tables: on POWER9 and 10 two, on POWER8 one.
struct Lpids {
    std::uint32_t first = 0;
    std::uint32_t second = 0;
};

/// A change of T1 is a change of both.
inline hpt::Flushed discharge(const hpt::FlushObligation& obligation, const Lpids& lpids) {
    if (lpids.second != lpids.first)
        static_cast<void>(arch::Tlb::discharge(obligation, lpids.second));
    return arch::Tlb::discharge(obligation, lpids.first);
}

template <std::size_t n>
std::array<hpt::Flushed, n> discharge_all(const std::array<hpt::FlushObligation, n>& obligations, const Lpids& lpids) {
    if (lpids.second != lpids.first)
        static_cast<void>(arch::Tlb::discharge_all(obligations, lpids.second));
    return arch::Tlb::discharge_all(obligations, lpids.first);
}

inline hpt::PartitionFlushed flush_partition(const Lpids& lpids) {
    if (lpids.second != lpids.first)
        static_cast<void>(arch::Tlb::flush_partition(lpids.second));
    return arch::Tlb::flush_partition(lpids.first);
}

} // namespace transom::dual

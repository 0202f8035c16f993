// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <transom/partition/spr_list.hpp>

namespace transom::partition {

/// One segment lookaside buffer entry as slbmfee/slbmfev give it (slbmte takes the same with the index in E).
struct SlbEntry {
    std::uint64_t e = 0;
    std::uint64_t v = 0;
};

/// The registers of a virtual processor that it can see, in the order and layout that arch/power's entry code knows
/// (offsets asserted there). While the processor is inside the partition only `gpr[0..13]`, nip, msr, cr, lr, ctr and xer
/// are current here after an exit; the rest stays in the machine until the virtual processor leaves its processor.
struct Registers {
    std::array<std::uint64_t, 32> gpr{};
    std::uint64_t nip = 0; // next instruction
    std::uint64_t msr = 0; // machine state register as the partition has it
    std::uint64_t cr = 0;
    std::uint64_t lr = 0;
    std::uint64_t ctr = 0;
    std::uint64_t xer = 0;
    std::array<std::array<std::uint64_t, 2>, 64> vsr{}; // FP, VMX and VSX registers, doubleword 0 (the FP one) first
    std::uint64_t fpscr = 0;
    std::uint64_t vscr = 0; // the low word
    std::array<SlbEntry, 32> slb{};
    std::array<std::uint64_t, spr_count> spr{}; // indexed like spr_list
};

} // namespace transom::partition

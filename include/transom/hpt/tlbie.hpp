// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/hpt/hash.hpp>

namespace transom::hpt {

/// RB of tlbie for one page of a partition with a hashed page table: the same fields in ISA 2.07 Book III-S 5.9.3.3 and
/// in ISA 3.0B Book III 5.9.3.3 with R=0 and IS=0.
constexpr std::uint64_t tlbie_page(const VirtualPage& page) {
    const std::uint64_t b = std::uint64_t{static_cast<std::uint8_t>(page.segment)} << 8; // bits 54-55
    if (page.base == papr::PageSize::kib_4) {
        // L=0: AVA is all of the address; AP (bits 56-58) is L and LP of the actual page size.
        const std::uint64_t encoding = papr::segment_encoding(page.actual);
        const std::uint64_t ap = ((encoding >> 8) << 2) | ((encoding >> 4) & 3);
        return (page.address & ~std::uint64_t{0xfff}) | b | ap << 5;
    }
    // L=1: AVA is the address down to the actual page size, LP below it, AVAL (bits 56-62) the address bits 13 to 19.
    const std::uint64_t below_page = papr::bytes(page.actual) - 1;
    const std::uint64_t lp = std::uint64_t{papr::page_size_encoding(page.base, page.actual)}
                             << papr::d1::large_page_shift;
    const std::uint64_t aval = (page.address >> 13 & 0x7f) << 1;
    return (page.address & ~below_page) | lp | b | aval | 1;
}

/// RB of tlbie for all translations of the partition in RS: IS=2.
constexpr std::uint64_t tlbie_partition = 0x800;

} // namespace transom::hpt

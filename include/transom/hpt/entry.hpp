// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <papr/hpt.hpp>
#include <transom/base/address.hpp>

namespace transom::hpt {

/// Layout of the entries that the machine walks.
enum class Format : std::uint8_t {
    isa_2_07, // POWER8: the layout that the partition uses too
    isa_3_0,  // POWER9 and 10: B is in bits 4-5 of d1, the AVPN in bits 12-56 of d0
    odd,      // no machine's: page numbers rotated, so that a test cannot pass by luck
};

/// One entry as the machine walks it: `d1` holds a real page number. V, H, L, the software bits, R, C and the bits of
/// papr::d1::protection are where the partition's format has them, in every layout.
struct HardwareEntry {
    std::uint64_t d0 = 0;
    std::uint64_t d1 = 0;
    constexpr bool operator==(const HardwareEntry&) const = default;
};

/// Whether the virtual page number fits the layout (ISA 3.0 has 68 bits of virtual address where ISA 2.07 has 78).
bool representable(Format format, std::uint64_t papr_d0);

/// The machine's form of a partition's entry whose page begins at `page`, a multiple of the actual page size.
HardwareEntry to_hardware(Format format, const papr::PageTableEntry& entry, papr::PageSizes sizes, RealAddr page);

/// The partition's d0 of an entry, without the hypervisor's bits.
std::uint64_t to_papr_d0(Format format, const HardwareEntry& entry);

/// The page sizes that an entry names; none where no encoding matches.
std::optional<papr::PageSizes> decode_page_sizes(const papr::PageTableEntry& entry);

/// Where the page begins, in the partition's view. Aligned if decode_page_sizes found `sizes`.
constexpr LogicalAddr page_address(const papr::PageTableEntry& entry, papr::PageSizes sizes) {
    return {entry.d1 & papr::d1::page_number & ~(papr::bytes(sizes.actual) - 1)};
}

/// None where B is reserved.
constexpr std::optional<papr::SegmentSize> decode_segment_size(std::uint64_t papr_d0) {
    const std::uint64_t b = papr_d0 >> 62;
    if (b > 1)
        return {};
    return static_cast<papr::SegmentSize>(b);
}

} // namespace transom::hpt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
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

namespace entry_detail {

// ISA 3.0B Book III 5.7.7.1 and 5.7.9.2: the fields that moved.
constexpr std::uint64_t isa_3_0_d0 = 0x000fffffffffffff;
constexpr std::uint64_t isa_3_0_segment_size = 0x0c00000000000000;
constexpr unsigned segment_size_move = 4; // from bits 0-1 of d0 to bits 4-5 of d1

/// Rotates a field in place; zero stays zero.
constexpr std::uint64_t rotate_field(std::uint64_t word, std::uint64_t field, unsigned width, unsigned by) {
    const std::uint64_t value = word & field;
    return (word & ~field) | (((value << by) | (value >> (width - by))) & field);
}
constexpr std::uint64_t odd_d0(std::uint64_t d0, unsigned by) { return rotate_field(d0, papr::d0::compared, 57, by); }
constexpr std::uint64_t odd_d1(std::uint64_t d1) { return rotate_field(d1, papr::d1::page_number, 48, 11); }

/// What LP in bits 44-51 of d1 says where L is set: an index of papr::page_sizes, or none. An encoding is as long as the
/// bits below its page size, so that several values of LP can mean the same.
constexpr std::uint8_t no_sizes = 0xff;
inline constexpr auto sizes_by_lp = [] {
    std::array<std::uint8_t, 256> result;
    result.fill(no_sizes);
    for (std::size_t i = 0; i < papr::page_sizes.size(); ++i) {
        const papr::PageSizes& sizes = papr::page_sizes[i];
        const std::uint64_t mask = (papr::bytes(sizes.actual) - 1) >> papr::d1::large_page_shift;
        for (std::uint64_t lp = 0; sizes.large && lp < result.size(); ++lp)
            if ((lp & mask) == sizes.encoding)
                result[lp] = static_cast<std::uint8_t>(i);
    }
    return result;
}();

} // namespace entry_detail

/// Whether the virtual page number fits the layout (ISA 3.0 has 68 bits of virtual address where ISA 2.07 has 78).
constexpr bool representable(Format format, std::uint64_t papr_d0) {
    return format != Format::isa_3_0 || (papr_d0 & papr::d0::virtual_page & ~entry_detail::isa_3_0_d0) == 0;
}

/// The machine's form of a partition's entry whose page begins at `page`, a multiple of the actual page size.
constexpr HardwareEntry to_hardware(Format format, const papr::PageTableEntry& entry, papr::PageSizes sizes,
                                    RealAddr page) {
    using namespace entry_detail;
    const std::uint64_t d0 = entry.d0 & ~papr::d0::hypervisor;
    const std::uint64_t in_page = ~papr::d1::page_number | (papr::bytes(sizes.actual) - 1); // LP and all but the number
    const std::uint64_t d1 = (entry.d1 & ~papr::d1::reserved & in_page) | page.value;
    if (format == Format::isa_3_0) [[likely]]
        return {d0 & isa_3_0_d0, d1 | (d0 & papr::d0::segment_size) >> segment_size_move};
    return format == Format::isa_2_07 ? HardwareEntry{d0, d1} : HardwareEntry{odd_d0(d0, 13), odd_d1(d1)};
}

namespace entry_detail {

/// The bits of d1, as it is without a rotation, that say where a page of that size begins.
constexpr std::uint64_t place_bits(Format format, Bytes size) {
    const std::uint64_t other = format == Format::isa_3_0 ? isa_3_0_segment_size : 0;
    return papr::d1::page_number & ~other & ~(size - 1);
}
constexpr std::uint64_t without_rotation(Format format, std::uint64_t d1) {
    return format == Format::odd ? rotate_field(d1, papr::d1::page_number, 48, 48 - 11) : d1;
}

} // namespace entry_detail

/// Where the page of a machine's entry begins, by its d1; `size`: of the page.
constexpr RealAddr place_of(Format format, std::uint64_t d1, Bytes size) {
    using namespace entry_detail;
    return {without_rotation(format, d1) & place_bits(format, size)};
}

/// The d1 of the same entry with its page elsewhere.
constexpr std::uint64_t with_place(Format format, std::uint64_t d1, Bytes size, RealAddr place) {
    using namespace entry_detail;
    const std::uint64_t bits = place_bits(format, size);
    const std::uint64_t plain = (without_rotation(format, d1) & ~bits) | (place.value & bits);
    return format == Format::odd ? odd_d1(plain) : plain;
}

/// The partition's d0 of an entry, without the hypervisor's bits.
constexpr std::uint64_t to_papr_d0(Format format, const HardwareEntry& entry) {
    using namespace entry_detail;
    const std::uint64_t d0 = entry.d0 & ~papr::d0::hypervisor;
    if (format == Format::isa_3_0) [[likely]]
        return (d0 & isa_3_0_d0) | ((entry.d1 & isa_3_0_segment_size) << segment_size_move);
    return format == Format::isa_2_07 ? d0 : odd_d0(d0, 57 - 13);
}

/// The page sizes of an entry that is known to be legal; 4 KiB if it is not.
constexpr papr::PageSizes page_sizes(const papr::PageTableEntry& entry) {
    using namespace entry_detail;
    if ((entry.d0 & papr::d0::large) == 0)
        return {};
    const std::uint8_t index = sizes_by_lp[(entry.d1 & papr::d1::large_page) >> papr::d1::large_page_shift];
    return index == no_sizes ? papr::PageSizes{} : papr::page_sizes[index];
}

/// The page sizes that an entry names; none where no encoding matches.
constexpr std::optional<papr::PageSizes> decode_page_sizes(const papr::PageTableEntry& entry) {
    const papr::PageSizes sizes = page_sizes(entry);
    if (sizes.large != ((entry.d0 & papr::d0::large) != 0))
        return {};
    // Between LP and the page number there is nothing.
    const std::uint64_t between = (papr::bytes(sizes.actual) - 1) & papr::d1::page_number & ~papr::d1::large_page;
    if ((entry.d1 & between) != 0)
        return {};
    return sizes;
}

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

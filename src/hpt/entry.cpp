// SPDX-License-Identifier: Apache-2.0
#include <transom/hpt/entry.hpp>

namespace transom::hpt {

namespace {

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

} // namespace

bool representable(Format format, std::uint64_t papr_d0) {
    return format != Format::isa_3_0 || (papr_d0 & papr::d0::virtual_page & ~isa_3_0_d0) == 0;
}

HardwareEntry to_hardware(Format format, const papr::PageTableEntry& entry, papr::PageSizes sizes, RealAddr page) {
    const std::uint64_t below_page = papr::bytes(sizes.actual) - 1;
    HardwareEntry hardware{entry.d0 & ~papr::d0::hypervisor,
                           (entry.d1 & ~papr::d1::reserved & ~(papr::d1::page_number & ~below_page)) | page.value};
    switch (format) {
    case Format::isa_2_07:
        break;
    case Format::isa_3_0:
        hardware.d1 |= (hardware.d0 & papr::d0::segment_size) >> segment_size_move;
        hardware.d0 &= isa_3_0_d0;
        break;
    case Format::odd:
        hardware.d0 = odd_d0(hardware.d0, 13);
        hardware.d1 = odd_d1(hardware.d1);
        break;
    }
    return hardware;
}

std::uint64_t to_papr_d0(Format format, const HardwareEntry& entry) {
    const std::uint64_t d0 = entry.d0 & ~papr::d0::hypervisor;
    switch (format) {
    case Format::isa_2_07:
        return d0;
    case Format::isa_3_0:
        return (d0 & isa_3_0_d0) | ((entry.d1 & isa_3_0_segment_size) << segment_size_move);
    case Format::odd:
        return odd_d0(d0, 57 - 13);
    }
    return d0;
}

std::optional<papr::PageSizes> decode_page_sizes(const papr::PageTableEntry& entry) {
    const bool large = (entry.d0 & papr::d0::large) != 0;
    for (const papr::PageSizes& sizes : papr::page_sizes) {
        if (sizes.large != large)
            continue;
        // Below a large page's size there is nothing in the page number but the encoding.
        const std::uint64_t below = large ? papr::d1::page_number & (papr::bytes(sizes.actual) - 1) : 0;
        if ((entry.d1 & below) == std::uint64_t{sizes.encoding} << papr::d1::large_page_shift)
            return sizes;
    }
    return {};
}

} // namespace transom::hpt

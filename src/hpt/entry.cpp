// SPDX-License-Identifier: Apache-2.0
#include <transom/hpt/entry.hpp>

namespace transom::hpt {

using namespace entry_detail;

namespace {

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

} // namespace transom::hpt

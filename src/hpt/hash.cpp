// SPDX-License-Identifier: Apache-2.0
#include <transom/hpt/entry.hpp>
#include <transom/hpt/hash.hpp>

namespace transom::hpt {

namespace {
// The AVPN of an entry stands 7 bits up in d0 and lacks the low 23 bits of the virtual address.
constexpr unsigned field_shift = 16;
constexpr std::uint64_t absent_bits = (std::uint64_t{1} << 23) - 1;
constexpr std::uint64_t hash_bits = (std::uint64_t{1} << 39) - 1;
} // namespace

std::uint64_t primary_hash(const SegmentOffset& place, papr::PageSize base) {
    std::uint64_t hash = place.vsid ^ (place.offset >> papr::shift(base));
    if (place.size == papr::SegmentSize::tib_1)
        hash ^= place.vsid << 25;
    return hash & hash_bits;
}

std::uint64_t virtual_page_field(const SegmentOffset& place, papr::PageSize base) {
    const std::uint64_t page = place.offset & ~(papr::bytes(base) - 1);
    return (std::uint64_t{static_cast<std::uint8_t>(place.size)} << 62) |
           (place.vsid << (papr::shift(place.size) - field_shift)) | ((page & ~absent_bits) >> field_shift);
}

VirtualPage virtual_page(std::uint64_t papr_d0, papr::PageSizes sizes, papr::Ptex where) {
    const papr::SegmentSize segment = decode_segment_size(papr_d0).value_or(papr::SegmentSize::mib_256);
    const std::uint64_t known = ((papr_d0 & papr::d0::virtual_page) << field_shift) & ~(papr::bytes(sizes.base) - 1);
    // The low bits of the hash are those of the page's index in its segment xor those of the VSID, for both segment
    // sizes (the third term of the 1 TiB hash has 25 zeros below), and every table has at least the 11 bits needed.
    std::uint64_t hash = where.group().value;
    if ((papr_d0 & papr::d0::secondary) != 0)
        hash = ~hash;
    const std::uint64_t index = hash ^ (known >> papr::shift(segment));
    const std::uint64_t recovered = (index << papr::shift(sizes.base)) & absent_bits;
    return {known | recovered, segment, sizes.base, sizes.actual};
}

} // namespace transom::hpt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <papr/hpt.hpp>
#include <transom/base/address.hpp>
#include <transom/hpt/entry.hpp>

namespace transom::hpt {

/// A place in virtual storage: a segment and the offset in it.
struct SegmentOffset {
    papr::SegmentSize size = papr::SegmentSize::mib_256;
    std::uint64_t vsid = 0;   // virtual segment id
    std::uint64_t offset = 0; // bytes, less than the segment's size
};

/// A page in virtual storage as a TLB knows it.
struct VirtualPage {
    std::uint64_t address = 0; // low 64 bits of the virtual address, a multiple of the base page size
    papr::SegmentSize segment = papr::SegmentSize::mib_256;
    papr::PageSize base = papr::PageSize::kib_4;
    papr::PageSize actual = papr::PageSize::kib_4;
    constexpr bool operator==(const VirtualPage&) const = default;
};

namespace hash_detail {
// The AVPN of an entry stands 7 bits up in d0 and lacks the low 23 bits of the virtual address.
constexpr unsigned field_shift = 16;
constexpr std::uint64_t absent_bits = (std::uint64_t{1} << 23) - 1;
} // namespace hash_detail

/// Power ISA 3.0B Book III 5.7.7.3, primary hash function. The secondary hash is its complement.
std::uint64_t primary_hash(const SegmentOffset& place, papr::PageSize base);

/// Group of a table of 2^log2_bytes bytes that a hash selects.
constexpr papr::GroupIndex group_of(std::uint64_t hash, unsigned log2_bytes) {
    return {hash & ((std::uint64_t{1} << (log2_bytes - papr::log2_group_size)) - 1)};
}

/// B and AVPN of an entry for that place, in the partition's format.
std::uint64_t virtual_page_field(const SegmentOffset& place, papr::PageSize base);

/// The page that an entry translates: the 23 bits of its address that the entry does not hold follow from the group
/// that it is in. `papr_d0` has a legal B.
constexpr VirtualPage virtual_page(std::uint64_t papr_d0, papr::PageSizes sizes, papr::Ptex where) {
    using namespace hash_detail;
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

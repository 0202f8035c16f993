// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hpt/hash.hpp>

namespace transom::hpt {

/// The place that an entry translates: all of its virtual address. What the entry does not hold follows from the group that it is
/// in. `papr_d0` has a legal B.
constexpr SegmentOffset place_of(std::uint64_t papr_d0, papr::PageSizes sizes, papr::Ptex where) {
    const VirtualPage page = virtual_page(papr_d0, sizes, where);
    const unsigned shift = papr::shift(page.segment);
    // The AVPN is the address without its low 23 bits, 7 bits up.
    const std::uint64_t vsid = (papr_d0 & papr::d0::virtual_page) >> 7 >> (shift - 23);
    return {page.segment, vsid, page.address & ((std::uint64_t{1} << shift) - 1)};
}

/// Where an entry stands in a table of 2^log2_bytes bytes that stands at `where` in another one: in the group of the same hash, in
/// the same slot of it. LoPAR H_RESIZE_HPT_COMMIT.
inline papr::Ptex image_of(std::uint64_t papr_d0, papr::PageSizes sizes, papr::Ptex where, unsigned log2_bytes) {
    const std::uint64_t hash = primary_hash(place_of(papr_d0, sizes, where), sizes.base);
    const bool secondary = (papr_d0 & papr::d0::secondary) != 0;
    return papr::ptex(group_of(secondary ? ~hash : hash, log2_bytes), where.slot());
}

} // namespace transom::hpt

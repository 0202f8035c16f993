// SPDX-License-Identifier: Apache-2.0
#include <transom/hpt/entry.hpp>
#include <transom/hpt/hash.hpp>

namespace transom::hpt {

using namespace hash_detail;

namespace {
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

} // namespace transom::hpt

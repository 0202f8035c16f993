// SPDX-License-Identifier: Apache-2.0
#include "page_table.hpp"

namespace guest {

namespace {

constexpr unsigned segment_shift(const Segment& segment) { return segment.terabyte ? 40 : 28; }

std::uint64_t offset_in(const Segment& segment, std::uint64_t address) {
    return address & ((std::uint64_t{1} << segment_shift(segment)) - 1);
}

} // namespace

// ISA 2.07 Book III-S 5.7.7.3.
std::uint64_t hash_of(const Segment& segment, std::uint64_t address) {
    std::uint64_t hash = segment.vsid ^ (offset_in(segment, address) >> segment.page_shift);
    if (segment.terabyte)
        hash ^= segment.vsid << 25;
    return hash;
}

Entry make_entry(const Segment& segment, std::uint64_t address, std::uint64_t real, std::uint64_t pp) {
    const std::uint64_t virtual_page =
        segment.vsid << (segment_shift(segment) - 23) | offset_in(segment, address) >> 23;
    return {.d0 = std::uint64_t{segment.terabyte} << 62 | virtual_page << 7 | entry::valid,
            .d1 = (real & entry::real_page) | entry::memory | pp};
}

void set_segment(const Segment& segment, unsigned index) {
    // ISA 2.07 Book III-S, slbmte.
    const std::uint64_t esid = (segment.address & ~std::uint64_t{0xfff'ffff}) | 0x800'0000 | index;
    const std::uint64_t vsid =
        std::uint64_t{segment.terabyte} << 62 | segment.vsid << (segment.terabyte ? 24 : 12) | segment.slb_bits;
    asm volatile("isync\n slbmte %0, %1\n isync" : : "r"(vsid), "r"(esid) : "memory");
}

void forget_segments() { asm volatile("isync\n slbia\n isync" ::: "memory"); }

} // namespace guest

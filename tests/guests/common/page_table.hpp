// SPDX-License-Identifier: Apache-2.0
// The hashed page table from the partition's side: the numbers of its calls and entries, segments, and where an entry belongs.
#pragma once

#include <array>
#include <cstdint>

namespace guest {

// H_ENTER and its family: the flags word. LoPAR "Page Frame Table Access flags".
namespace flag {
constexpr std::uint64_t exact = std::uint64_t{1} << 39, read_4 = std::uint64_t{1} << 37, avpn = std::uint64_t{1} << 31,
                        andcond = std::uint64_t{1} << 30, icache = 0xc0'0000, zero_page = 0x8000, copy_page = 0x4000,
                        r_xlate = std::uint64_t{1} << 38, icache_invalidate = 0x80'0000, icache_synchronize = 0x40'0000;
/// The NUMA cookie, subfunction and reserved bits, and those of options that are not offered: page states (CMO), coalescing,
/// usage instrumentation (MUI), compression (PFO).
constexpr std::uint64_t without_meaning = 0xffff'ff1f'103f'00f8;
/// Flags bits 28 to 31: change the state of the page to active, active critical, unused, loaned; and two reserved values.
constexpr std::array<std::uint64_t, 6> page_states = {0x8'0000'0000, 0x9'0000'0000, 0xe'0000'0000,
                                                      0xf'0000'0000, 0xa'0000'0000, 0xc'0000'0000};
} // namespace flag

// An entry, in the format that the partition uses (ISA 2.07 Book III-S 5.7.7).
namespace entry {
constexpr std::uint64_t valid = 0x1, secondary = 0x2, large = 0x4, software = 0x78;            // doubleword 0
constexpr std::uint64_t hypervisor_0 = 0x60;                                                   // bits 57, 58
constexpr std::uint64_t r = 0x100, c = 0x80, rc = 0x180, no_execute = 0x4, wimg = 0x78;        // doubleword 1
constexpr std::uint64_t memory = 0x10, inhibited = 0x20, guarded = 0x08, write_through = 0x40; // W, I, M, G
constexpr std::uint64_t key_high = std::uint64_t{3} << 60, key_low = 0xe00, pp0 = std::uint64_t{1} << 63;
constexpr std::uint64_t pp_kernel = 0, pp_both = 2, pp_read_only = 3;
constexpr std::uint64_t real_page = 0x0fff'ffff'ffff'f000;
} // namespace entry

struct Segment {
    std::uint64_t address = 0; // where it begins
    std::uint64_t vsid = 0;
    bool terabyte = false;
    std::uint64_t slb_bits = 0; // Ks, Kp, N, L, C, LP as slbmte takes them
    unsigned page_shift = 12;
};
constexpr std::uint64_t segment_ks = 0x800, segment_kp = 0x400, segment_no_execute = 0x200;

struct Entry {
    std::uint64_t d0 = 0, d1 = 0;
};

/// The hash of an address before it is cut to the table's size.
std::uint64_t hash_of(const Segment& segment, std::uint64_t address);

/// The entry of a 4 KiB page: valid, memory coherent, R and C clear.
Entry make_entry(const Segment& segment, std::uint64_t address, std::uint64_t real, std::uint64_t pp = entry::pp_both);

/// The part of doubleword 0 that AVPN conditions look at.
constexpr std::uint64_t avpn_of(std::uint64_t d0) { return d0 & ~std::uint64_t{0x7f}; }

/// Puts a segment into the segment lookaside buffer, and takes all of them out again.
void set_segment(const Segment& segment, unsigned index);
void forget_segments();

} // namespace guest

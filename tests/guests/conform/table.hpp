// SPDX-License-Identifier: Apache-2.0
// The hashed page table from the partition's side: segments, entries, and the calls that change the table.
#pragma once

#include "case.hpp"

#include <cstdint>

namespace conform {

// H_ENTER and its family: the flags word. LoPAR "Page Frame Table Access flags".
namespace flag {
constexpr std::uint64_t exact = std::uint64_t{1} << 39, read_4 = std::uint64_t{1} << 37, avpn = std::uint64_t{1} << 31,
                        andcond = std::uint64_t{1} << 30, zero_page = 0x8000;
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

/// Slots of the table; slot numbers are below it.
std::uint64_t slot_count(const Context& context);

/// First slot of the group that the hash of an address leads to.
std::uint64_t group_of(const Context& context, const Segment& segment, std::uint64_t address, bool secondary = false);

/// The entry of a 4 KiB page: valid, memory coherent, R and C clear.
Entry make_entry(const Segment& segment, std::uint64_t address, std::uint64_t real, std::uint64_t pp = entry::pp_both);

/// The part of doubleword 0 that AVPN conditions look at.
constexpr std::uint64_t avpn_of(std::uint64_t d0) { return d0 & ~std::uint64_t{0x7f}; }

Answer enter(Context& context, std::uint64_t flags, std::uint64_t slot, Entry what);
Answer remove(std::uint64_t flags, std::uint64_t slot, std::uint64_t avpn);
/// H_READ of one entry. QEMU keeps a bit of its own in bit 57 of doubleword 0, which LoPAR leaves to the hypervisor: both
/// such bits are taken out here; the case enter.hypervisor_bits looks at them.
Entry read(std::uint64_t slot);

/// Puts a segment into the segment lookaside buffer (index from 1 on), and takes all of them out again.
void set_segment(const Segment& segment, unsigned index);
void forget_segments();

/// A page of the guest's memory that cases may do with as they like; `page` 0 to 31, 4 KiB each, 64 KiB aligned.
std::uint64_t* scratch(unsigned page = 0);
constexpr unsigned scratch_pages = 32;

/// The 1 TiB or 256 MiB segment that a case uses unless it needs another.
constexpr Segment plain_segment(std::uint64_t vsid) { return {.address = 0x4000'0000'0000, .vsid = vsid}; }

/// LoPAR ibm,segment-page-sizes: the encodings of pages of 2^actual in a segment whose base page is 2^base.
struct PageEncoding {
    std::uint64_t slb = 0;
    std::uint64_t pte = 0;
};
std::optional<PageEncoding> page_encoding(const Context& context, unsigned base, unsigned actual);

} // namespace conform

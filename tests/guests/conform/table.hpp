// SPDX-License-Identifier: Apache-2.0
// The hashed page table from the partition's side: segments, entries, and the calls that change the table.
#pragma once

#include "../common/page_table.hpp"
#include "case.hpp"

#include <cstdint>

namespace conform {

namespace flag = guest::flag;
namespace entry = guest::entry;
using guest::avpn_of;
using guest::Entry;
using guest::forget_segments;
using guest::make_entry;
using guest::Segment;
using guest::segment_kp;
using guest::segment_ks;
using guest::segment_no_execute;
using guest::set_segment;

/// Slots of the table; slot numbers are below it.
std::uint64_t slot_count(const Context& context);

/// First slot of the group that the hash of an address leads to.
std::uint64_t group_of(const Context& context, const Segment& segment, std::uint64_t address, bool secondary = false);

Answer enter(Context& context, std::uint64_t flags, std::uint64_t slot, Entry what);
Answer remove(std::uint64_t flags, std::uint64_t slot, std::uint64_t avpn);
/// H_READ of one entry. QEMU keeps a bit of its own in bit 57 of doubleword 0, which LoPAR leaves to the hypervisor: both
/// such bits are taken out here; the case enter.hypervisor_bits looks at them.
Entry read(std::uint64_t slot);

/// A page of the guest's memory that cases may do with as they like; `page` 0 to 31, 4 KiB each, 64 KiB aligned.
std::uint64_t* scratch(unsigned page = 0);
constexpr unsigned scratch_pages = 32;
/// A page of 16 MiB that nothing else uses.
constexpr std::uint64_t large_scratch = 0x800'0000;

/// The entry of a larger page: L, and the size's encoding in place of the low bits of the page number.
Entry make_large_entry(const Segment& segment, std::uint64_t address, std::uint64_t real, std::uint64_t encoding,
                       unsigned actual);

/// The 1 TiB or 256 MiB segment that a case uses unless it needs another.
constexpr Segment plain_segment(std::uint64_t vsid) { return {.address = 0x4000'0000'0000, .vsid = vsid}; }

/// LoPAR ibm,segment-page-sizes: the encodings of pages of 2^actual in a segment whose base page is 2^base.
struct PageEncoding {
    std::uint64_t slb = 0;
    std::uint64_t pte = 0;
};
std::optional<PageEncoding> page_encoding(const Context& context, unsigned base, unsigned actual);

} // namespace conform

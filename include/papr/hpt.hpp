// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>

// The hashed page table as a partition sees it: LoPAR "Hypervisor call functions: page table", entry format of Power ISA
// 2.07 Book III-S 5.7.7 with a logical page number. Bit numbers are IBM's (bit 0 is the most significant).
namespace papr {

constexpr unsigned slots_per_group = 8;
constexpr unsigned log2_entry_size = 4;
constexpr unsigned log2_group_size = 7;
constexpr unsigned min_log2_table_size = 18;
constexpr unsigned max_log2_table_size = 46;

/// Number of a group of eight entries (a PTEG).
struct GroupIndex {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const GroupIndex&) const = default;
};

/// Index of an entry in the table.
struct Ptex {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const Ptex&) const = default;
    constexpr GroupIndex group() const { return {value / slots_per_group}; }
    constexpr unsigned slot() const { return static_cast<unsigned>(value % slots_per_group); }
};

constexpr Ptex ptex(GroupIndex group, unsigned slot) { return {group.value * slots_per_group + slot}; }

/// First doubleword of an entry ("pteh").
namespace d0 {
constexpr std::uint64_t segment_size = 0xc000000000000000; // 0-1 B
constexpr std::uint64_t virtual_page = 0x3fffffffffffff80; // 2-56 AVPN: the virtual address without its low 23 bits
constexpr std::uint64_t compared = 0xffffffffffffff80;     // 0-56, what the AVPN condition of a call looks at
constexpr std::uint64_t hypervisor = 0x0000000000000060;   // 57-58, forced off by H_ENTER
constexpr std::uint64_t software = 0x0000000000000018;     // 59-60, the partition's
constexpr std::uint64_t bolted = 0x0000000000000010;       // 59: by convention; H_BLOCK_REMOVE leaves such entries
constexpr std::uint64_t large = 0x0000000000000004;        // 61 L: the page size is in LP
constexpr std::uint64_t secondary = 0x0000000000000002;    // 62 H: found by the secondary hash
constexpr std::uint64_t valid = 0x0000000000000001;        // 63 V
} // namespace d0

/// Second doubleword of an entry ("ptel").
namespace d1 {
constexpr std::uint64_t pp0 = 0x8000000000000000;         // 0
constexpr std::uint64_t reserved = 0x4000000000000000;    // 1, forced off by H_ENTER
constexpr std::uint64_t key_high = 0x3000000000000000;    // 2-3
constexpr std::uint64_t page_number = 0x0ffffffffffff000; // 4-51, its low bits being LP where L=1
constexpr std::uint64_t large_page = 0x00000000000ff000;  // 44-51 LP
constexpr unsigned large_page_shift = 12;
constexpr std::uint64_t key_low = 0x0000000000000e00;    // 52-54
constexpr std::uint64_t referenced = 0x0000000000000100; // 55 R
constexpr std::uint64_t changed = 0x0000000000000080;    // 56 C
constexpr std::uint64_t usage = referenced | changed;
constexpr std::uint64_t wimg = 0x0000000000000078;        // 57-60
constexpr std::uint64_t wimg_memory = 0x0000000000000010; // 0010: ordinary coherent memory
constexpr std::uint64_t no_execute = 0x0000000000000004;  // 61 N
constexpr std::uint64_t pp = 0x0000000000000003;          // 62-63
/// What H_PROTECT changes.
constexpr std::uint64_t protection = pp0 | key_high | key_low | no_execute | pp;
} // namespace d1

/// One entry in the partition's view: `d1` holds a logical page number.
struct PageTableEntry {
    std::uint64_t d0 = 0;
    std::uint64_t d1 = 0;
    constexpr bool operator==(const PageTableEntry&) const = default;
    constexpr bool valid() const { return (d0 & d0::valid) != 0; }
};

/// Flags of the page table calls.
namespace hpt_flag {
constexpr std::uint64_t exact = 0x0000008000000000;    // 24 H_ENTER: this slot or none
constexpr std::uint64_t r_xlate = 0x0000004000000000;  // 25 H_READ: logical page numbers (ours always are)
constexpr std::uint64_t read_4 = 0x0000002000000000;   // 26 H_READ: four entries
constexpr std::uint64_t avpn = 0x0000000080000000;     // 32 only where the AVPN matches
constexpr std::uint64_t andcond = 0x0000000040000000;  // 33 only where (d0 & avpn) is 0
constexpr std::uint64_t icache_invalidate = 0x800000;  // 40
constexpr std::uint64_t icache_synchronize = 0x400000; // 41
constexpr std::uint64_t zero_page = 0x8000;            // 48
constexpr std::uint64_t copy_page = 0x4000;            // 49 H_PAGE_INIT only
constexpr std::uint64_t page_work = zero_page | icache_invalidate | icache_synchronize; // H_ENTER, H_PAGE_INIT
constexpr std::uint64_t key_high = 0x3000;                                              // 50-51 H_PROTECT
constexpr std::uint64_t key_low = 0x0e00;                                               // 52-54
constexpr std::uint64_t pp0 = 0x0100;                                                   // 55
constexpr std::uint64_t no_execute = 0x0004;                                            // 61
constexpr std::uint64_t pp = 0x0003;                                                    // 62-63
} // namespace hpt_flag

/// The high doubleword of an H_BULK_REMOVE translation specifier: request and response.
namespace bulk {
constexpr std::uint64_t type = 0xc000000000000000;
constexpr std::uint64_t request = 0x4000000000000000;
constexpr std::uint64_t response = 0x8000000000000000;
constexpr std::uint64_t end = 0xc000000000000000;
constexpr std::uint64_t code = 0x3000000000000000;
constexpr std::uint64_t code_success = 0x0000000000000000; // bits 2-3 of a response
constexpr std::uint64_t code_not_found = 0x1000000000000000;
constexpr std::uint64_t code_parameter = 0x2000000000000000;
constexpr std::uint64_t condition = 0x0300000000000000; // bits 6-7 of a request
constexpr std::uint64_t condition_none = 0x0000000000000000;
constexpr std::uint64_t condition_andcond = 0x0100000000000000;
constexpr std::uint64_t condition_avpn = 0x0200000000000000;
constexpr std::uint64_t index = 0x00ffffffffffffff;
constexpr unsigned usage_shift = 51; // from R and C in d1 to bits 4 and 5
constexpr unsigned max_specifiers = 4;
} // namespace bulk

/// An H_BLOCK_REMOVE translation specifier, one doubleword; its types are those of H_BULK_REMOVE.
namespace block {
constexpr std::uint64_t condition_avpn = 0x0100000000000000; // bit 7 of a request
constexpr std::uint64_t code_success = 0x0000000000000000;   // bits 2-4 of a response
constexpr std::uint64_t code_not_found = 0x0800000000000000; // bolted ones too
constexpr std::uint64_t code_parameter = 0x1000000000000000;
constexpr std::uint64_t code_other_size = 0x1800000000000000;
constexpr std::uint64_t code_busy = 0x2000000000000000;
constexpr std::uint64_t code_other_block = 0x2800000000000000;
constexpr unsigned usage_shift = 50; // from R and C in d1 to bits 5 and 6
constexpr unsigned max_specifiers = 8;
/// A block is that many base pages of virtual storage, at a multiple of its size.
constexpr unsigned log2_pages = 3;
} // namespace block

/// Segment sizes, with the value of the B field.
enum class SegmentSize : std::uint8_t { mib_256 = 0, tib_1 = 1 };
constexpr unsigned shift(SegmentSize size) { return size == SegmentSize::mib_256 ? 28 : 40; }

enum class PageSize : std::uint8_t { kib_4 = 12, kib_64 = 16, mib_16 = 24 };
constexpr unsigned shift(PageSize size) { return static_cast<unsigned>(size); }
constexpr std::uint64_t bytes(PageSize size) { return std::uint64_t{1} << shift(size); }

/// L and LP of a segment lookaside buffer entry (bits 55 and 58-59 of slbmte's RS) for a base page size.
constexpr std::uint64_t segment_encoding(PageSize base) {
    switch (base) {
    case PageSize::kib_4:
        return 0x000;
    case PageSize::kib_64:
        return 0x110;
    case PageSize::mib_16:
        return 0x100;
    }
    return 0;
}

/// A legal pair of base page size (of the segment, it decides the hash) and actual page size, and how an entry names it.
/// Where `large` the low bits of LP that lie below the actual size are `encoding`; the rest belong to the page number.
/// ibm,segment-page-sizes carries the same numbers.
struct PageSizes {
    PageSize base = PageSize::kib_4;
    PageSize actual = PageSize::kib_4;
    bool large = false;
    std::uint8_t encoding = 0;
    constexpr bool operator==(const PageSizes&) const = default;
};

/// POWER8 to POWER10.
inline constexpr std::array page_sizes = {
    PageSizes{PageSize::kib_4, PageSize::kib_4, false, 0},    PageSizes{PageSize::kib_4, PageSize::kib_64, true, 7},
    PageSizes{PageSize::kib_4, PageSize::mib_16, true, 0x38}, PageSizes{PageSize::kib_64, PageSize::kib_64, true, 1},
    PageSizes{PageSize::kib_64, PageSize::mib_16, true, 8},   PageSizes{PageSize::mib_16, PageSize::mib_16, true, 0},
};

/// The low bits of LP for a legal pair.
constexpr std::uint8_t page_size_encoding(PageSize base, PageSize actual) {
    constexpr auto position = [](PageSize size) { return shift(size) / 4 - 3; };
    constexpr auto encodings = [position] {
        std::array<std::uint8_t, 16> result{};
        for (const PageSizes& sizes : page_sizes)
            result[position(sizes.base) * 4 + position(sizes.actual)] = sizes.encoding;
        return result;
    }();
    return encodings[(position(base) * 4 + position(actual)) % encodings.size()];
}

/// Pages that H_BLOCK_REMOVE takes: those of which a block has one AVPN, because the call brings only one.
constexpr bool block_removable(PageSizes sizes) { return sizes.base != PageSize::mib_16; }

} // namespace papr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/hpt/hash.hpp>

namespace arch {
class Tlb;
}

namespace transom::hpt {

/// What the TLBs of all processors must forget before a change may go on: a page, or nothing. One word, because a call
/// keeps it over its flush: an address of a page has 12 bits at its end that are free.
class FlushObligation {
  public:
    constexpr FlushObligation() = default; // nothing
    constexpr FlushObligation(const VirtualPage& page)
        : word_(page.address | std::uint64_t{papr::shift(page.actual)} << actual_shift |
                std::uint64_t{papr::shift(page.base)} << base_shift |
                std::uint64_t{static_cast<std::uint8_t>(page.segment)} << segment_shift | there) {}

    explicit constexpr operator bool() const { return word_ != 0; }
    /// The page, if there is one.
    constexpr VirtualPage operator*() const {
        return {word_ & ~std::uint64_t{0xfff}, static_cast<papr::SegmentSize>(word_ >> segment_shift & 1),
                static_cast<papr::PageSize>(word_ >> base_shift & 0x1f),
                static_cast<papr::PageSize>(word_ >> actual_shift & 0x1f)};
    }
    constexpr bool operator==(const FlushObligation&) const = default;

  private:
    static constexpr std::uint64_t there = 1;
    static constexpr unsigned segment_shift = 1, base_shift = 2, actual_shift = 7;
    std::uint64_t word_ = 0;
};

/// Whose translations an invalidation is for: those that TLBs know by one LPID, or by two, as those of a partition with two page tables;
/// and the LPID by which arch::rendezvous() knows who is inside that partition.
struct FlushScope {
    std::uint32_t lpid = 0;
    std::uint32_t other_lpid = 0; // the same where there is one
    std::uint32_t partition = 0;
};

/// The receipt for a discharged obligation. Only <arch/tlb.hpp> writes one.
class Flushed {
  public:
    const FlushObligation& page() const { return page_; }

  private:
    friend class arch::Tlb;
    explicit Flushed(const FlushObligation& page) : page_(page) {}
    FlushObligation page_;
};

/// The receipt for a flush of everything that the TLBs hold of a partition.
class PartitionFlushed {
    friend class arch::Tlb;
    PartitionFlushed() = default;
};

} // namespace transom::hpt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <papr/hpt.hpp>
#include <transom/hpt/hash.hpp>
#include <vector>

namespace transom::stress {

constexpr unsigned log2_table_bytes = 18;
constexpr papr::PageSizes page_sizes_used{papr::PageSize::kib_64, papr::PageSize::kib_64, true, 1};
constexpr std::uint64_t logical_pages = 256; // 16 MiB

/// A virtual page that is entered once and never again, so that whoever finds its entry in the table, or gets it as an answer,
/// knows by which H_ENTER it came. Eight of them, a block as H_BLOCK_REMOVE has it, share a VSID. All of them belong into
/// the groups 0 to 7, or by the secondary hash into the last eight.
struct Instance {
    static constexpr unsigned in_block = 8;
    static constexpr std::uint64_t blocks = 1 << 14;
    std::uint32_t number = 0; // block times 8 plus page

    constexpr std::uint64_t vsid() const { return number / in_block; }
    /// Bits 3 to 10 of the hash come out as zero.
    constexpr std::uint64_t page() const { return (vsid() & 0x7f8) | number % in_block; }
    std::uint64_t d0() const {
        const hpt::SegmentOffset place{papr::SegmentSize::tib_1, vsid(), page() << 16};
        return hpt::virtual_page_field(place, page_sizes_used.base) | papr::d0::large | papr::d0::valid;
    }
    /// Two entries that follow one another map pages far from one another.
    constexpr std::uint64_t logical_page() const { return number * std::uint64_t{37} % logical_pages << 16; }
    std::array<papr::GroupIndex, 2> groups() const {
        const std::uint64_t hash = vsid() ^ page();
        return {hpt::group_of(hash, log2_table_bytes), hpt::group_of(~hash, log2_table_bytes)};
    }
    bool operator==(const Instance&) const = default;

    /// None for a page of the hypervisor's own.
    static std::optional<Instance> of(const hpt::VirtualPage& page) {
        const std::uint64_t vsid = page.address >> 40;
        if (vsid >= blocks)
            return {};
        return Instance{static_cast<std::uint32_t>(vsid * in_block + (page.address >> 16) % in_block)};
    }
};

/// What has to be true of an entry. Who changes it has the entry's slot locked and invalid, or is a processor that sets R
/// and C.
struct Truth {
    std::atomic<std::uint64_t> usage = 0;      // R and C as the entry has to have them
    std::atomic<std::uint64_t> usage_ever = 0; // that it may have had
    std::atomic<std::uint64_t> protection = 0;
    std::atomic<bool> entered = false;
    std::atomic<bool> removed = false;
};

class Truths {
  public:
    Truth& operator[](Instance instance) { return all_[instance.number]; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(all_.size()); }

  private:
    std::vector<Truth> all_ = std::vector<Truth>(Instance::blocks * Instance::in_block);
};

/// A random slot of the groups in which everything happens.
constexpr std::uint64_t slots_used = 128;
constexpr papr::Ptex slot_used(std::uint64_t n) {
    constexpr std::uint64_t slots = std::uint64_t{1} << (log2_table_bytes - papr::log2_entry_size);
    return {n < slots_used / 2 ? n : slots - slots_used + n};
}

} // namespace transom::stress

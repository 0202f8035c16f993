// SPDX-License-Identifier: Apache-2.0
// What the operations of one seed are about: a few segments, a few groups of the table that many addresses lead to, and the
// memory that entries may map.
#pragma once

#include "../common/guest.hpp"
#include "../common/page_table.hpp"
#include "../common/random.hpp"

#include <array>
#include <optional>
#include <span>

namespace fuzz {

using guest::Random;

constexpr std::uint64_t slots_per_group = 8;
constexpr unsigned segment_count = 4;
constexpr std::uint64_t small_page = 0x1000, large_page = 0x1'0000, huge_page = 0x100'0000;

/// An address, and the first slots of the groups that its hash leads to.
struct Place {
    unsigned segment = 0;
    std::uint64_t address = 0; // of its page of 4 KiB
    std::uint64_t primary = 0, secondary = 0;
};

/// The encodings of pages of 16 MiB where L is set, in bits 44 to 51 of doubleword 1, all of which are to be these: in segments of 4 KiB,
/// of 64 KiB and of 16 MiB base pages (ibm,segment-page-sizes of both machines).
constexpr std::array<std::uint64_t, 3> huge_encodings = {0x38, 0x08, 0x00};
bool is_huge(std::uint64_t d0, std::uint64_t d1);

/// Where a slot's entry serves accesses.
struct MappedPage {
    unsigned segment = 0;
    std::uint64_t address = 0; // of the base page
};

class Scene {
  public:
    Scene(const guest::Machine& machine, std::uint64_t seed);

    /// Into the segment lookaside buffer, instead of what is there.
    void set_segments() const;
    const guest::Segment& segment(unsigned i) const { return segments_[i]; }
    /// Whether the address is in a segment from which nothing may be executed.
    bool forbids_fetch(std::uint64_t address) const;
    Place place(Random& random) const;
    /// The page of one of the segments that the entry maps in that slot; none where it is not valid or no access finds it.
    std::optional<MappedPage> page_of(std::uint64_t slot, std::uint64_t d0) const;

    std::uint64_t memory() const { return memory_; }
    std::uint64_t slots() const { return slots_; }
    /// First slots of the groups that are filled on purpose.
    std::span<const std::uint64_t> groups() const { return groups_; }
    bool is_crowded(std::uint64_t slot) const;
    /// Whether the group may hold an entry for the partition's own accesses in real mode (decision D15 of the hypervisor):
    /// an entry with V=0 may have to make room for it there, and that is to be seen.
    bool is_for_real_mode(std::uint64_t slot) const;

  private:
    std::uint64_t slots_, memory_;
    std::array<guest::Segment, segment_count> segments_;
    std::array<std::uint64_t, 10> groups_; // primary ones, then their secondary ones, then two of the real mode's
};

/// The memory that entries map: pages of 64 KiB, at the same address in every run of this program.
namespace arena {
constexpr std::uint64_t size = 8 * large_page;
std::uint64_t begin();
/// Offset in each page of 4 KiB of two `trap` instructions, which a fetch finds and no store touches.
constexpr std::uint64_t trap = 0xff8;
void plant_traps(std::uint64_t address, std::uint64_t bytes);
/// Zeroes but for the traps, which the page of 16 MiB has none of: what is fetched there are zeroes, an illegal instruction.
void reset();
/// A page of 16 MiB that nothing else uses.
constexpr std::uint64_t huge = 0x800'0000;
} // namespace arena

} // namespace fuzz

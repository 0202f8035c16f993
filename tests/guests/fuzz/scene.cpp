// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"

#include <cstring>

namespace fuzz {

namespace {

constexpr std::uint64_t first_address = 0x4000'0000'0000;
constexpr std::size_t primary_groups = 4;
constexpr std::uint64_t segment_64_kib = 0x110; // L and LP of slbmte
// Pages of 64 KiB in a segment of 256 MiB: the most groups that one segment's addresses can lead to.
constexpr std::uint64_t most_large_pages = 4096;

alignas(large_page) std::array<std::uint64_t, arena::size / 8> memory;

} // namespace

bool is_huge(std::uint64_t d0, std::uint64_t d1) {
    for (const auto encoding : huge_encodings)
        if ((d0 & guest::entry::large) != 0 && (d1 >> 12 & 0xff) == encoding)
            return true;
    return false;
}

// The hash ends in page index ^ VSID, and the real mode's VSID in ones, so its groups are the last and, secondary, the first
// few thousand. Ours are in the second quarter of the table and their secondary ones in the third.
Scene::Scene(const guest::Machine& machine, std::uint64_t seed)
    : slots_(std::uint64_t{1} << (machine.table_shift - 4)), memory_(machine.memory) {
    const std::uint64_t quarter = slots_ / slots_per_group / 4;
    if (quarter < 16 || quarter > most_large_pages || machine.memory / large_page > quarter)
        guest::bail_out("the table has a size for which the groups are not chosen well");
    Random random(seed, ~std::uint64_t{0});
    for (unsigned i = 0; i < segment_count; ++i) {
        guest::Segment& segment = segments_[i];
        segment.address = first_address + (std::uint64_t{i} << 40);
        segment.vsid = (random.below(0x1000) * 4 + 1) * quarter + random.below(quarter);
        segment.slb_bits = random.one_in(2) ? guest::segment_ks : 0;
        segment.slb_bits |= random.one_in(4) ? guest::segment_no_execute : 0;
    }
    segments_[2].page_shift = 16;
    segments_[2].slb_bits |= segment_64_kib;
    segments_[3].terabyte = true;
    segments_[3].vsid &= 0xff'ffff;
    for (std::size_t i = 0; i < primary_groups; ++i) {
        const std::uint64_t group = quarter + random.below(quarter);
        groups_[i] = group * slots_per_group;
        groups_[primary_groups + i] = (4 * quarter - 1 - group) * slots_per_group;
    }
    groups_[2 * primary_groups] = slots_ - slots_per_group;
    groups_[2 * primary_groups + 1] = slots_ - 2 * slots_per_group;
}

void Scene::set_segments() const {
    guest::forget_segments();
    for (unsigned i = 0; i < segment_count; ++i)
        guest::set_segment(segments_[i], i + 1);
}

bool Scene::forbids_fetch(std::uint64_t address) const {
    for (const auto& segment : segments_)
        if (address >> 40 == segment.address >> 40)
            return (segment.slb_bits & guest::segment_no_execute) != 0;
    return false;
}

Place Scene::place(Random& random) const {
    Place place;
    place.segment = static_cast<unsigned>(random.below(segment_count));
    const guest::Segment& segment = segments_[place.segment];
    const auto which = random.below(primary_groups);
    place.primary = groups_[which];
    place.secondary = groups_[primary_groups + which];
    const std::uint64_t groups = slots_ / slots_per_group;
    std::uint64_t page = (segment.vsid ^ place.primary / slots_per_group) & (groups - 1);
    if (segment.page_shift == 12)
        page |= (random.one_in(8) ? random.below(4) : random.below(2)) * groups;
    place.address = segment.address + (page << segment.page_shift);
    if (segment.page_shift == 16)
        place.address += (random.one_in(2) ? random.below(16) : 0) * small_page;
    return place;
}

// ISA 2.07 Book III-S 5.7.7: the abbreviated virtual page number has bits 23 and up of the virtual address, the hash the others.
std::optional<MappedPage> Scene::page_of(std::uint64_t slot, std::uint64_t d0) const {
    if ((d0 & guest::entry::valid) == 0)
        return {};
    const std::uint64_t groups = slots_ / slots_per_group, virtual_page = d0 << 2 >> 9;
    const std::uint64_t hash =
        ((d0 & guest::entry::secondary) != 0 ? ~(slot / slots_per_group) : slot / slots_per_group) & (groups - 1);
    for (unsigned i = 0; i < segment_count; ++i) {
        const guest::Segment& segment = segments_[i];
        const unsigned shift = segment.terabyte ? 40 : 28;
        if (d0 >> 62 != std::uint64_t{segment.terabyte} || virtual_page >> (shift - 23) != segment.vsid)
            continue;
        const std::uint64_t upper = virtual_page << 23 & ((std::uint64_t{1} << shift) - 1);
        const std::uint64_t lower = ((hash ^ segment.vsid) & (groups - 1)) << segment.page_shift & 0x7f'ffff;
        const std::uint64_t address = segment.address + (upper | lower);
        if ((guest::hash_of(segment, address) & (groups - 1)) == hash)
            return MappedPage{i, address};
    }
    return {};
}

bool Scene::is_crowded(std::uint64_t slot) const {
    for (const auto first : groups_)
        if ((slot & ~(slots_per_group - 1)) == first)
            return true;
    return false;
}

bool Scene::is_for_real_mode(std::uint64_t slot) const { return slot < slots_ / 4 || slot >= slots_ / 4 * 3; }

namespace arena {

std::uint64_t begin() { return reinterpret_cast<std::uint64_t>(memory.data()); }

void plant_traps(std::uint64_t address, std::uint64_t bytes) {
    for (std::uint64_t page = address; page < address + bytes; page += small_page) {
        auto* const at = reinterpret_cast<volatile std::uint64_t*>(page + trap);
        *at = 0x7fe0'0008'7fe0'0008;
        asm volatile("dcbst 0, %0\n sync\n icbi 0, %0\n isync" : : "r"(at) : "memory");
    }
}

void reset() {
    std::memset(memory.data(), 0, size);
    plant_traps(begin(), size);
    std::memset(reinterpret_cast<void*>(huge), 0, huge_page);
}

} // namespace arena

} // namespace fuzz

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <papr/hpt.hpp>

namespace transom::hpt {

/// A page table travels in sections of so many slots (32 KiB of table). What a full one has goes into one record of a move.
constexpr std::uint64_t slots_per_section = 2048;
static_assert((std::uint64_t{1} << (papr::min_log2_table_size - papr::log2_entry_size)) % slots_per_section == 0,
              "a table is a whole number of sections");

struct Section {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const Section&) const = default;
    constexpr papr::Ptex begin() const { return {value * slots_per_section}; }
    constexpr papr::Ptex end() const { return {(value + 1) * slots_per_section}; }
};

constexpr Section section_of(papr::Ptex slot) { return {slot.value / slots_per_section}; }
constexpr std::uint64_t sections_of(std::uint64_t slots) { return slots / slots_per_section; }

} // namespace transom::hpt

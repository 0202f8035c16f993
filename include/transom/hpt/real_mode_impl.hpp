// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/relax.hpp>
#include <transom/hpt/table_impl.hpp>

// The hypervisor's own entries: the virtual real mode area (ISA 3.0B Book III 5.7.3.4).
namespace transom::hpt {

namespace table_detail {

/// A partition's access in real mode is an access at the same offset of one segment of 1 TiB.
constexpr std::uint64_t real_mode_vsid = 0x1ffffff;
/// Of an address in real mode the machine ignores bits 0-3.
constexpr std::uint64_t real_mode_address = 0x0fffffffffffffff;

constexpr papr::PageSizes real_mode_sizes(papr::PageSize size) {
    for (const papr::PageSizes& sizes : papr::page_sizes)
        if (sizes.base == size && sizes.actual == size)
            return sizes;
    return {};
}

} // namespace table_detail

template <class Slots>
bool Table<Slots>::has_real_mode_entry(papr::GroupIndex group, const HardwareEntry& entry) const {
    for (unsigned i = 0; i < papr::slots_per_group; ++i) {
        const papr::Ptex slot = papr::ptex(group, i);
        const Contents now = peek(slot);
        if (now.ours() && now.d0 == entry.d0)
            return true;
    }
    return false;
}

/// From the last slot down, because H_ENTER takes the first that is free; a slot in which the partition left an invalid
/// entry comes last.
template <class Slots>
bool Table<Slots>::insert_into(papr::GroupIndex group, const HardwareEntry& entry, std::uint64_t guest_word) {
    for (const bool only_unused : {true, false}) {
        for (unsigned i = papr::slots_per_group; i-- > 0;) {
            const papr::Ptex slot = papr::ptex(group, i);
            if (!slots_.lock(slot, table_detail::lock_bit))
                continue;
            const Contents held = contents(slot);
            if (!held.valid() && (held.unused() || !only_unused)) {
                write(slot, entry, guest_word);
                return true;
            }
            slots_.set_d0(slot, held.d0);
        }
    }
    return false;
}

/// Where every slot is in use or locked: a lock of one that is not valid is waited for, as the slot may be free then. Who has it waits
/// for nobody who inserts.
template <class Slots>
bool Table<Slots>::insert_waiting(papr::GroupIndex group, const HardwareEntry& entry, std::uint64_t guest_word) {
    for (unsigned i = papr::slots_per_group; i-- > 0;) {
        const papr::Ptex slot = papr::ptex(group, i);
        if (peek(slot).valid())
            continue;
        const Contents held = lock(slot);
        if (!held.valid()) {
            write(slot, entry, guest_word);
            return true;
        }
        slots_.set_d0(slot, held.d0);
    }
    return false;
}

template <class Slots>
std::expected<void, TableError> Table<Slots>::insert_real_mode(EffectiveAddr where,
                                                               const memory::LogicalMemory& memory) {
    const papr::PageSizes sizes = table_detail::real_mode_sizes(options_.real_mode_page);
    const LogicalAddr page =
        LogicalAddr{where.value & table_detail::real_mode_address}.align_down(papr::bytes(sizes.base));
    const auto real = memory.translate(page, papr::bytes(sizes.actual));
    if (!real)
        return std::unexpected(TableError::address);

    const SegmentOffset place{papr::SegmentSize::tib_1, table_detail::real_mode_vsid, page.value};
    // Read and write for everybody, and R and C set at once: nobody asks for them.
    papr::PageTableEntry entry{virtual_page_field(place, sizes.base) | papr::d0::valid,
                               page.value | papr::d1::usage | papr::d1::wimg_memory | 2};
    if (sizes.large) {
        entry.d0 |= papr::d0::large;
        entry.d1 |= std::uint64_t{sizes.encoding} << papr::d1::large_page_shift;
    }
    HardwareEntry primary = to_hardware(options_.format, entry, sizes, *real);
    HardwareEntry secondary = primary;
    secondary.d0 |= papr::d0::secondary;
    const std::uint64_t hash = primary_hash(place, sizes.base);
    const papr::GroupIndex first = group_of(hash, log2_bytes_);
    const papr::GroupIndex second = group_of(~hash, log2_bytes_);
    const std::uint64_t guest_word = entry.d1 | own_entry;

    while (turns().real_mode_insertion.test_and_set(std::memory_order_acquire))
        arch::relax();
    const bool done = has_real_mode_entry(first, primary) || has_real_mode_entry(second, secondary) ||
                      insert_into(first, primary, guest_word) || insert_into(second, secondary, guest_word) ||
                      insert_waiting(first, primary, guest_word) || insert_waiting(second, secondary, guest_word);
    turns().real_mode_insertion.clear(std::memory_order_release);
    if (!done)
        return std::unexpected(TableError::group_full);
    return {};
}

} // namespace transom::hpt

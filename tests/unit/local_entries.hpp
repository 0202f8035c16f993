// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <transom/partition/partition.hpp>

namespace transom::test {

/// The first slot of a partition's page table whose entry the machine would walk to a real page that is not the one of the entry's logical page:
/// looked up where the partition's memory says that it is (R118). Our own entries too.
inline std::optional<std::uint64_t> first_foreign_entry(const partition::Partition& partition) {
    const auto& slots = partition.hpt.slots();
    const hpt::Format format = partition.hpt.options().format;
    for (std::uint64_t slot = 0; slot < partition.hpt.slot_count(); ++slot) {
        const std::uint64_t d0 = slots.d0({slot});
        if ((d0 & papr::d0::valid) == 0)
            continue;
        std::uint64_t d1 = slots.d1({slot});
        if (format == hpt::Format::odd)
            d1 = hpt::entry_detail::rotate_field(d1, papr::d1::page_number, 48, 48 - 11);
        if (format == hpt::Format::isa_3_0)
            d1 &= ~hpt::entry_detail::isa_3_0_segment_size; // in the place of the highest bits of the number
        const papr::PageTableEntry seen{hpt::to_papr_d0(format, {d0, slots.d1({slot})}), slots.guest_word({slot})};
        const papr::PageSizes sizes = hpt::page_sizes(seen);
        const Bytes size = papr::bytes(sizes.actual);
        const auto real = partition.memory.translate(hpt::page_address(seen, sizes), size);
        if (!real || (d1 & papr::d1::page_number & ~(size - 1)) != real->value)
            return slot;
    }
    return {};
}

} // namespace transom::test

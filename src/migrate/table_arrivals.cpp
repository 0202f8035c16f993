// SPDX-License-Identifier: Apache-2.0
#include "payload.hpp"
#include <transom/base/panic.hpp>
#include <transom/migrate/table_arrivals.hpp>

namespace transom::migrate {

namespace {

/// Whether it was off.
bool set(std::span<std::uint64_t> bits, hpt::Section section) {
    std::uint64_t& word = bits[section.value / 64];
    const std::uint64_t bit = std::uint64_t{1} << section.value % 64;
    const bool was_off = (word & bit) == 0;
    word |= bit;
    return was_off;
}

/// The sections that a record names, if the table has them.
std::expected<TableSectionsRecord, Failure> sections_of(std::span<const std::byte> payload,
                                                        const partition::Partition& partition) {
    const std::size_t entries = payload.size() - std::min(payload.size(), sizeof(TableSectionsRecord));
    if (payload.size() < sizeof(TableSectionsRecord) || entries % sizeof(TableEntryRecord) != 0 ||
        entries / sizeof(TableEntryRecord) > max_table_entries)
        return std::unexpected(failure(MoveError::record_length, "page_table has {} bytes", payload.size()));
    const auto sections = element<TableSectionsRecord>(payload, 0);
    if (sections.count == 0)
        return std::unexpected(failure(MoveError::record_content, "a page_table record of no sections"));
    if (sections.count > max_table_sections)
        return std::unexpected(failure(MoveError::record_content, "a page_table record of {} sections, {} are the most",
                                       std::uint64_t{sections.count}, max_table_sections));
    const std::uint64_t total = hpt::sections_of(partition.hpt.slot_count());
    if (sections.first >= total || sections.count > total - sections.first)
        return std::unexpected(failure(MoveError::table_entry, "{} sections from {} on of a page table that has {}",
                                       std::uint64_t{sections.count}, std::uint64_t{sections.first}, total));
    return sections;
}

} // namespace

std::optional<Failure> TableArrivals::begin_section(hpt::Section section, partition::Partition& partition,
                                                    bool stands_still, TableArrival& arrival) {
    if (stands_still && !set(last_, section))
        return failure(MoveError::record_order,
                       "section {} of the page table came twice after the partition had stopped", section.value);
    ++arrival.sections;
    if (set(here_, section))
        return std::nullopt; // as it was made: empty
    ++arrival.sections_again;
    partition.hpt.vacate(section.begin(), section.end());
    return std::nullopt;
}

std::expected<TableArrival, Failure> TableArrivals::take(std::span<const std::byte> payload,
                                                         partition::Partition& partition, bool stands_still) {
    invariant(on(), "sections of a page table arrive for nobody");
    const auto sections = sections_of(payload, partition);
    if (!sections)
        return std::unexpected(sections.error());
    const hpt::Section first{sections->first}, end{sections->first + sections->count};
    TableArrival arrival;
    for (hpt::Section section = first; section < end; ++section.value)
        if (const auto wrong = begin_section(section, partition, stands_still, arrival))
            return std::unexpected(*wrong);
    const auto entries = payload.subspan(sizeof(TableSectionsRecord));
    std::uint64_t next = first.begin().value;
    for (; arrival.entries < entries.size() / sizeof(TableEntryRecord); ++arrival.entries) {
        const auto record = element<TableEntryRecord>(entries, arrival.entries);
        const std::uint64_t slot = record.slot;
        if (slot < next || slot >= end.begin().value)
            return std::unexpected(failure(MoveError::table_entry,
                                           "page table slot {:#x} is out of order, or not in sections {} to {}", slot,
                                           first.value, end.value - 1));
        if (!partition.hpt.restore({{slot}, {record.word0, record.word1}}, partition.memory))
            return std::unexpected(
                failure(MoveError::table_entry, "page table slot {:#x} holds what a partition can not enter", slot));
        const auto back = partition.hpt.read({slot});
        if (!back || ((back->d1 ^ record.word1) & papr::d1::usage) != 0)
            ++arrival.rc_mismatches;
        next = slot + 1;
    }
    return arrival;
}

std::optional<hpt::Section> TableArrivals::missing(const partition::Partition& partition) const {
    invariant(on(), "a page table is looked for that arrives for nobody");
    for (hpt::Section section; section.value < hpt::sections_of(partition.hpt.slot_count()); ++section.value)
        if ((here_[section.value / 64] >> section.value % 64 & 1) == 0)
            return section;
    return {};
}

} // namespace transom::migrate

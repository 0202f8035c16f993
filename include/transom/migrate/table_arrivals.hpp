// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <transom/hpt/section.hpp>
#include <transom/migrate/error.hpp>
#include <transom/migrate/record.hpp>
#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// What a page_table record brought.
struct TableArrival {
    std::uint64_t sections = 0;
    std::uint64_t sections_again = 0; // of them
    std::uint64_t entries = 0;
    std::uint64_t rc_mismatches = 0; // of them, whose R and C are not those that were sent: there are none
};

/// The page table of a partition that arrives: which sections are here. While it runs at the source they come in any order and as often as
/// they like, and the last copy of each counts; when it stands still each comes once at most.
class TableArrivals {
  public:
    static constexpr std::uint64_t words_for(std::uint64_t slots) { return 2 * ((hpt::sections_of(slots) + 63) / 64); }
    TableArrivals() = default;
    /// `words`: the owner's, words_for the slots of the table, zeroed.
    explicit TableArrivals(std::span<std::uint64_t> words)
        : here_(words.first(words.size() / 2)), last_(words.last(words.size() / 2)) {}

    /// Whether there is one: nobody asks for what has come of none.
    bool on() const { return !here_.empty(); }
    /// Puts what a record brings into the partition's page table, which nobody has walked yet. Each entry is read back as the partition would.
    /// `stands_still`: at the source. After an error the table is good for nothing.
    std::expected<TableArrival, Failure> take(std::span<const std::byte> payload, partition::Partition& partition,
                                              bool stands_still);
    /// The first section that is not here.
    std::optional<hpt::Section> missing(const partition::Partition& partition) const;

  private:
    std::optional<Failure> begin_section(hpt::Section section, partition::Partition& partition, bool stands_still,
                                         TableArrival& arrival);

    std::span<std::uint64_t> here_, last_; // a bit for each section: a copy has come, and one after it stood still
};

} // namespace transom::migrate

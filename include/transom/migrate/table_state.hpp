// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <transom/migrate/error.hpp>
#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// One portion of the page table on its way into a page_table record.
struct TablePortion {
    std::size_t bytes = 0; // of the payload
    std::size_t entries = 0;
    std::uint64_t next = 0; // slot to go on at
};

/// Whether its processors walk a second page table, or did until it was suspended.
bool has_two_tables(const partition::Partition& partition);

/// Puts what the partition has in slots [from, end) into a payload, until it is full. R and C are those of both its page tables.
TablePortion encode_table(partition::Partition& partition, std::uint64_t from, std::uint64_t end,
                          std::span<std::byte> to);

/// What a page_table record brought.
struct TableArrival {
    std::size_t entries = 0;
    std::size_t rc_mismatches = 0; // of them, whose R and C are not those that were sent: there are none
};

/// Restores the entries of a page_table record; `next` is the lowest slot that may come and is moved on. Each is read back as the
/// partition would.
std::expected<TableArrival, Failure> decode_table(std::span<const std::byte> payload, partition::Partition& partition,
                                                  std::uint64_t& next);

} // namespace transom::migrate

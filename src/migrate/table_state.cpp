// SPDX-License-Identifier: Apache-2.0
#include "payload.hpp"
#include <transom/dual/partition_engine.hpp>
#include <transom/migrate/record.hpp>
#include <transom/migrate/table_state.hpp>

namespace transom::migrate {

namespace {

template <class Table>
TablePortion encode(Table& table, std::uint64_t from, std::uint64_t end, std::span<std::byte> to) {
    PayloadWriter out(to);
    TablePortion portion{0, 0, from};
    while (portion.entries < max_table_entries) {
        const auto used = table.next_used({portion.next}, {end});
        if (!used) {
            portion.next = end;
            break;
        }
        out.put(TableEntryRecord{used->slot.value, used->entry.d0, used->entry.d1});
        ++portion.entries;
        portion.next = used->slot.value + 1;
    }
    portion.bytes = out.size();
    return portion;
}

} // namespace

bool has_two_tables(const partition::Partition& partition) {
    return partition.dual != nullptr && partition.dual->has_twins();
}

TablePortion encode_table(partition::Partition& partition, std::uint64_t from, std::uint64_t end,
                          std::span<std::byte> to) {
    return has_two_tables(partition) ? encode(partition.dual->table(), from, end, to)
                                     : encode(partition.hpt, from, end, to);
}

std::expected<TableArrival, Failure> decode_table(std::span<const std::byte> payload, partition::Partition& partition,
                                                  std::uint64_t& next) {
    const std::size_t count = payload.size() / sizeof(TableEntryRecord);
    if (count == 0 || count > max_table_entries || payload.size() % sizeof(TableEntryRecord) != 0)
        return std::unexpected(failure(MoveError::record_length, "page_table has {} bytes", payload.size()));
    TableArrival arrival{.entries = count};
    for (std::size_t i = 0; i < count; ++i) {
        const auto record = element<TableEntryRecord>(payload, i);
        const std::uint64_t slot = record.slot;
        if (slot < next || slot >= partition.hpt.slot_count())
            return std::unexpected(
                failure(MoveError::table_entry, "page table slot {:#x} is out of order or out of range", slot));
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

} // namespace transom::migrate

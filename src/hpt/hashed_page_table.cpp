// SPDX-License-Identifier: Apache-2.0
#include <transom/hpt/hashed_page_table.hpp>
#include <transom/hpt/real_mode_impl.hpp>
#include <transom/hpt/removal_impl.hpp>
#include <transom/hpt/table_impl.hpp>

namespace transom::hpt {

template class Table<RealSlots>;

void HashedPageTable::init(RealAddr table, unsigned log2_bytes, std::span<std::uint64_t> guest_words,
                           const TableOptions& options) {
    Table::init(RealSlots(table, guest_words), log2_bytes, options);
    invariant(guest_words.size() == slot_count() && table.aligned(Bytes{1} << log2_bytes),
              "a hashed page table needs alignment to its size and a guest word per slot");
    address_ = table;
}

} // namespace transom::hpt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <transom/hpt/real_slots.hpp>
#include <transom/hpt/table.hpp>
#include <transom/hpt/table_root.hpp>

namespace transom::hpt {

extern template class Table<RealSlots>;

/// A table of 2^log2_bytes bytes and its guest words are one piece of real memory, the words behind the table: half as large, as they
/// are one doubleword for two.
constexpr Bytes guest_words_size(unsigned log2_bytes) { return Bytes{1} << (log2_bytes - 1); }
constexpr Bytes size_with_words(unsigned log2_bytes) { return (Bytes{1} << log2_bytes) + guest_words_size(log2_bytes); }
/// The guest words of a table at that address.
inline std::span<std::uint64_t> guest_words_behind(RealAddr table, unsigned log2_bytes) {
    return {reinterpret_cast<std::uint64_t*>(arch::real_pointer(table + (Bytes{1} << log2_bytes))),
            guest_words_size(log2_bytes) / sizeof(std::uint64_t)};
}

/// The table that the machine walks for a partition.
class HashedPageTable : public Table<RealSlots> {
  public:
    /// `table`: 2^log2_bytes bytes (18 to 46) of zeroed real memory at a multiple of their size. `guest_words`: one per
    /// 16 bytes of it, zeroed.
    void init(RealAddr table, unsigned log2_bytes, std::span<std::uint64_t> guest_words, const TableOptions& options);

    /// The same table is there from now on, its guest words behind it. Nobody walks it.
    void move_to(RealAddr table) {
        slots_ = RealSlots(table, guest_words_behind(table, log2_bytes()));
        address_ = table;
    }

    RealAddr address() const { return address_; }
    /// That of a second table of the same kind at that address, too.
    TableRoot root_at(RealAddr address) const {
        return {address, log2_bytes(), options().real_mode_page == papr::PageSize::kib_64};
    }
    TableRoot root() const { return root_at(address_); }

  private:
    RealAddr address_;
};

} // namespace transom::hpt

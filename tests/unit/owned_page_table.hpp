// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/migrate/page_state_table.hpp>
#include <vector>

namespace transom::migrate {

/// A page state table with its memory.
class OwnedPageTable {
  public:
    OwnedPageTable(Bytes memory, Bytes granule)
        : pages_(PageStateTable::pages_of(memory, granule)), regions_(PageStateTable::regions_of(memory)),
          to_send_(PageSet::words_for(pages_.size())), altered_(to_send_.size()),
          table_(memory, granule, {pages_, regions_, to_send_, altered_}) {}
    PageStateTable& operator*() { return table_; }
    PageStateTable* operator->() { return &table_; }
    std::uint16_t& entry(std::uint64_t page) { return pages_[page]; }

  private:
    std::vector<std::uint16_t> pages_;
    std::vector<LargeGrants> regions_;
    std::vector<std::uint64_t> to_send_, altered_;
    PageStateTable table_;
};

} // namespace transom::migrate

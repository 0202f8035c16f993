// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/memory/logical_memory.hpp>
#include <transom/migrate/page_state_table.hpp>

namespace transom::relocate {

/// What the second page table is told of a partition whose blocks move: all of its memory is here but for the block that is closed, and T1 may
/// still say where a block was before.
class PlacedPages final : public dual::PageTracking {
  public:
    PlacedPages(const memory::LogicalMemory& memory, migrate::PageStateTable& states)
        : memory_(memory), states_(states) {}

    bool here(LogicalAddr page, Bytes size) override { return !memory_.first_missing(page, size); }
    RealAddr place(LogicalAddr page, RealAddr known) override { return memory_.translate(page).value_or(known); }
    void raise(LogicalAddr page, Bytes size) override { states_.raise(page, size); }
    void lower(LogicalAddr page, Bytes size) override { states_.lower(page, size); }

  private:
    const memory::LogicalMemory& memory_;
    migrate::PageStateTable& states_;
};

} // namespace transom::relocate

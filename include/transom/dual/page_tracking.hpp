// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/base/address.hpp>

namespace transom::dual {

/// Who knows the state of a migrating partition's pages: the page state table. Called with a slot of the page table locked,
/// by several processors at once: it takes no lock and waits for nothing.
class PageTracking {
  public:
    /// Whether all of [page, page + size) is here.
    virtual bool here(LogicalAddr page, Bytes size) = 0;
    /// Where that page is, in real memory, in which T1's entry has it at `known`. It moves when no entry of T2 has it, and nobody walks T1.
    virtual RealAddr place(LogicalAddr page, RealAddr known) {
        static_cast<void>(page);
        return known;
    }
    /// An entry that permits stores to [page, page + size) is about to be made: before anybody can store through it.
    virtual void raise(LogicalAddr page, Bytes size) = 0;
    /// Such an entry is gone, from all TLBs too.
    virtual void lower(LogicalAddr page, Bytes size) = 0;

  protected:
    ~PageTracking() = default;
};

} // namespace transom::dual

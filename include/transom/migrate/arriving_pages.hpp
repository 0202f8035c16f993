// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <transom/memory/frames.hpp>
#include <transom/migrate/hello.hpp>
#include <transom/migrate/page_arrivals.hpp>
#include <transom/migrate/table_arrivals.hpp>

namespace transom::migrate {

/// The pages of the partition that arrives, with the memory for their states. Its processors may ask for them until its second page table
/// is gone, so they stay until then, whatever has become of the move.
class ArrivingPages {
  public:
    explicit ArrivingPages(memory::Frames& frames) : frames_(frames) {}

    /// For a move that begins: nothing is here yet. Null: no memory. Nobody looks into it until it is cleared.
    PageArrivals* begin(const PartitionShape& shape);
    /// Goes on with clearing it for about `ticks`. True: it is.
    bool clear(std::uint64_t ticks);
    /// The same of its page table.
    TableArrivals table() const { return table_; }
    /// Whose they are; it may be gone.
    void belong_to(const partition::Partition& partition) { partition_ = &partition; }
    const partition::Partition* partition() const { return partition_; }
    /// They are nobody's any more.
    void end();
    bool in_use() const { return pages_.has_value(); }

  private:
    memory::Frames& frames_;
    RealRange memory_{};
    Bytes cleared_ = 0; // of that
    std::optional<PageArrivals> pages_;
    TableArrivals table_;
    const partition::Partition* partition_ = nullptr;
};

} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <transom/dual/partition_engine.hpp>
#include <transom/memory/frames.hpp>
#include <transom/migrate/move_options.hpp>
#include <transom/migrate/source_pages.hpp>
#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// The pages of the partition that moves away, with the memory for their states. Its processors may tell of them until its second page
/// table is gone, so they stay until then, whatever has become of the move.
class TrackedPages {
  public:
    explicit TrackedPages(memory::Frames& frames) : frames_(frames) {}

    /// For a move that begins: nothing is sent yet. Null: no memory.
    SourcePages* begin(const partition::Partition& partition, std::uint64_t timebase_frequency,
                       const MoveOptions& options);
    /// They are nobody's any more.
    void end();
    bool in_use() const { return pages_.has_value(); }
    /// Whose they are; it may be gone.
    const partition::Partition* partition() const { return partition_; }
    /// Whether its processors have been told to go over to the second page table, and not yet to come back.
    bool tracked() const { return tracked_; }
    void set_tracked(bool tracked) { tracked_ = tracked; }

  private:
    memory::Frames& frames_;
    RealRange memory_{};
    std::optional<SourcePages> pages_;
    const partition::Partition* partition_ = nullptr;
    bool tracked_ = false;
};

} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/migrate/page_state_table.hpp>
#include <transom/partition/partition.hpp>

namespace transom::relocate {

/// What the move of a block took. Ticks are the time base's.
struct BlockCosts {
    std::uint64_t pages_copied = 0;  // while the block could be accessed, as often as each was,
    std::uint64_t pages_at_last = 0; // and while it could not
    std::uint64_t closed_ticks = 0;  // so long nobody could begin to access it
};

/// Moves one block of a partition's memory to another place while the partition runs, on its second page table (R79, section 4.5 of the
/// design): copies its pages as often as they are stored to, closes it to whoever comes, waits for those who are inside, takes its
/// translations away, copies what was stored to at last, and opens it at the new place. Whoever wanted it meanwhile waits for a page that is
/// not here. A portion at a time.
class BlockMove {
  public:
    /// `to`: block_size bytes of the owner's. All processors are on T2 (Engine::all_on_second), and PlacedPages with these `states` tells it.
    void begin(partition::Partition& partition, migrate::PageStateTable& states, std::size_t block, RealAddr to);
    bool under_way() const { return step_ != Step::idle; }
    /// What it does next is to copy pages as they are.
    bool is_in_first_pass() const { return step_ == Step::copying && pass_ == 0; }
    /// Works for about so many ticks. True: the block is at its new place, and what it had before is nobody's: old_place().
    bool work(std::uint64_t ticks);
    /// The block stays where it is. Its new place is nobody's.
    void give_up();

    std::size_t block() const { return block_; }
    RealAddr old_place() const { return from_; }
    RealAddr new_place() const { return to_; }
    const BlockCosts& costs() const { return costs_; }

  private:
    enum class Step : std::uint8_t { idle, copying, sweeping, closing, evicting };
    enum class Copy : std::uint8_t { all, quiet, last };

    bool copy_pass(std::uint64_t began, std::uint64_t ticks);
    bool copy(migrate::PageIndex page, Copy which);
    std::uint64_t pages_left() const;
    void end_pass();
    bool sweep(std::uint64_t began, std::uint64_t ticks);
    void close();
    void begin_eviction();
    bool evict(std::uint64_t began, std::uint64_t ticks);
    bool is_granted() const;
    void finish();

    Step step_ = Step::idle;
    partition::Partition* partition_ = nullptr;
    migrate::PageStateTable* states_ = nullptr;
    std::size_t block_ = 0;
    RealAddr from_{}, to_{};
    migrate::PageIndex first_{}, end_{}, next_{}; // of its pages
    unsigned pass_ = 0;
    std::uint64_t left_ = 0;     // pages that were to be copied again after the last pass
    std::uint64_t deferred_ = 0; // entries that somebody was changing when the eviction came by
    std::uint64_t closed_at_ = 0;
    BlockCosts costs_;
};

} // namespace transom::relocate

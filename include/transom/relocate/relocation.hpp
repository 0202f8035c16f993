// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <transom/memory/frames.hpp>
#include <transom/migrate/pacer.hpp>
#include <transom/migrate/tracked_pages.hpp>
#include <transom/relocate/block_move.hpp>
#include <transom/relocate/placed_pages.hpp>
#include <transom/relocate/table_move.hpp>

namespace transom::relocate {

/// Why a partition's memory cannot be moved now.
enum class RelocationError : std::uint8_t {
    no_memory, // for a second page table and the states of its pages
    busy,      // it has a second page table already: of a migration, or of a resize
};

/// Of all blocks that a relocation has moved.
struct RelocationCosts {
    std::uint64_t blocks = 0;
    std::uint64_t pages_copied = 0, pages_at_last = 0;
    std::uint64_t longest_closed_ticks = 0; // of a block
    std::uint64_t stopped_ticks = 0;        // for its page table

    RelocationCosts operator+(const RelocationCosts& more) const {
        return {blocks + more.blocks, pages_copied + more.pages_copied, pages_at_last + more.pages_at_last,
                std::max(longest_closed_ticks, more.longest_closed_ticks), stopped_ticks + more.stopped_ticks};
    }
};

/// Moves blocks of one partition's memory, and its page table, while it runs. Its processors walk its second page table meanwhile, as in a migration: T1 need not
/// know where blocks are until they come back to it. begin(), then move() as often as is_ready(), then finish(); work() does all of it.
class Relocation {
  public:
    Relocation(partition::Roster& roster, memory::Frames& frames, std::uint64_t timebase_frequency)
        : frames_(frames), frequency_(timebase_frequency), states_(frames), table_move_(roster) {}

    /// Of blocks no more is copied from now on than so many bytes in a second, whoever's they are; 0: as many as can be.
    void limit(std::uint64_t bytes_per_second);
    /// The partition runs, or stands still, and is nobody else's to move. After an error nothing is taken.
    std::expected<void, RelocationError> begin(partition::Partition& partition);
    /// A block or the page table may be moved, or all of it finished.
    bool is_ready() const { return step_ == Step::ready && !block_.under_way() && !table_move_.under_way(); }
    /// The page table that was to move changes too fast: finish() is next.
    bool is_outrun() const { return table_move_.is_outrun(); }
    /// `to`: block_size bytes of FrameState::partition, with anything in it; from now on it is the partition's. What it had before is given back.
    void move(std::size_t block, RealAddr to);
    /// The same for its first page table: `to` is hpt::size_with_words bytes of FrameState::page_table, aligned as a table.
    void move_table(RealAddr to);
    /// No more of them: what is on its way is given up, and the processors go back to T1.
    void finish();
    bool under_way() const { return step_ != Step::idle; }
    /// Works for about so many ticks. True: there is more to do at once; false: somebody is waited for, or all is over.
    bool work(std::uint64_t ticks);
    /// Right before that partition is destroyed or made anew, with its second page table.
    void ended(const partition::Partition& partition);

    const partition::Partition* partition() const { return partition_; }
    const RelocationCosts& costs() const { return costs_; }

  private:
    enum class Step : std::uint8_t {
        idle,
        preparing, // T2 is zeroed
        tracking,  // processors go over to it
        ready,     // blocks move
        settling,  // calls that know an old place are awaited
        placing,   // T1 hears where blocks are now
        returning, // processors go back to T1, and T2 is drained
        ended,     // so has the partition: nothing but the states of its pages is left
    };

    bool prepare(std::uint64_t ticks);
    bool may_copy();
    bool work_on_block(std::uint64_t ticks);
    bool work_on_table(std::uint64_t ticks);
    bool place(std::uint64_t ticks);
    void go_back();
    void give_up();
    void let_go();
    void forget();

    memory::Frames& frames_;
    std::uint64_t frequency_;
    partition::Partition* partition_ = nullptr;
    migrate::TrackedPages states_;
    migrate::PageStateTable* table_ = nullptr; // of states_
    std::optional<PlacedPages> placed_;
    BlockMove block_;
    TableMove table_move_;
    Step step_ = Step::idle;
    papr::Ptex next_{}; // of T1, while placing
    RelocationCosts costs_;
    migrate::Pacer pacer_;
};

} // namespace transom::relocate

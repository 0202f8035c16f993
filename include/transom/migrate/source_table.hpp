// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/dual/usage_look.hpp>
#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// Sections of a page table in a page_table record.
struct TablePortion {
    std::size_t bytes = 0; // of the payload
    std::uint64_t sections = 0;
    std::uint64_t entries = 0;
};

/// The page table of the partition that moves away, in sections. While its processors walk a second one, of which the engine knows what
/// changes, they go in rounds: in each those that have changed since they went. What is left goes when it stands still; without a second
/// table that is all of it.
class SourceTable {
  public:
    /// For a move that begins: nothing has gone. The partition is there until end().
    void begin(partition::Partition& partition);
    /// The move is over, and the partition may be gone: there is nothing to go.
    void end() { *this = {}; }
    /// Whether its processors walk a second page table, or did until it was suspended.
    bool has_twins() const;
    /// A round while it runs, and all of its processors walk the second table; without one nothing goes in it.
    void begin_round();
    /// The last round, with nobody inside.
    void begin_stop();
    /// Before next() in each round, again and again until it answers true: R and C that the machine has set in the second table are changes,
    /// too. It looks for them a portion each time, and in the stop finds what was set since the last round's look.
    bool look();
    /// The payload of the round's next record; `to` holds max_payload bytes. None: the round is over.
    std::optional<TablePortion> next(std::span<std::byte> to);
    /// Sections that would go in the stop, as far as is known.
    std::uint64_t left() const;

  private:
    hpt::Section last() const { return {partition_ != nullptr ? hpt::sections_of(partition_->hpt.slot_count()) : 0}; }
    /// Null: nobody knows what changes.
    const dual::ChangedSections* changed() const;

    partition::Partition* partition_ = nullptr;
    hpt::Section next_; // of the round
    dual::UsageLook look_;
};

} // namespace transom::migrate

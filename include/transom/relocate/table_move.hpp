// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/hpt/section.hpp>
#include <transom/partition/roster.hpp>

namespace transom::relocate {

/// Moves a partition's first page table to another place while its processors walk the second one (R91): copies its sections, those again that
/// calls have changed, and the last of them, a few at most, while nobody is inside. A portion at a time, but for those.
class TableMove {
  public:
    explicit TableMove(partition::Roster& roster) : roster_(roster) {}

    /// `to`: hpt::size_with_words bytes of the owner's at a multiple of the table's size, with anything in it. All processors are on T2.
    void begin(partition::Partition& partition, RealAddr to);
    bool under_way() const { return step_ != Step::idle; }
    /// The partition changes its table faster than it is copied: it is to be given up.
    bool is_outrun() const { return step_ == Step::outrun; }
    /// Works for about so many ticks. True: the table is at its new place, and its old one, old_place(), is nobody's.
    bool work(std::uint64_t ticks);
    /// It stays where it is. Its new place is nobody's.
    void give_up();

    RealAddr old_place() const { return from_; }
    RealAddr new_place() const { return to_; }
    /// How long nobody could be inside.
    std::uint64_t stopped_ticks() const { return stopped_ticks_; }

  private:
    enum class Step : std::uint8_t { idle, copying, stopping, outrun };

    bool copy_changed(std::uint64_t began, std::uint64_t ticks);
    void copy(hpt::Section section);
    void change_over();
    hpt::Section end() const;

    partition::Roster& roster_;
    Step step_ = Step::idle;
    partition::Partition* partition_ = nullptr;
    RealAddr from_{}, to_{};
    hpt::Section next_{};
    unsigned rounds_ = 0;
    std::uint64_t stopped_at_ = 0, stopped_ticks_ = 0;
};

} // namespace transom::relocate

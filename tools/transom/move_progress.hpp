// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"
#include "management_answer.hpp"

#include <string>

namespace transom::tool {

/// A state of a move (docs/manage.md, migration) for people.
std::string phase_in_words(std::string_view state);

/// ", 3 s to go, of that 40 ms standing still", as the machine foresees it; empty where it does not say.
std::string estimate_in_words(const Fields& source);

/// A move as its user sees it while it is under way: what the source says of it (`migration`, docs/manage.md), several times a second.
class MoveProgress {
  public:
    explicit MoveProgress(Clock::time_point asked) : asked_(asked) {}

    /// To be called with each answer.
    void take(const Fields& source, Clock::time_point now);

    /// How much of the memory the target has, 0 to 1.
    double fraction() const;
    /// "pre-copying, pass 2: 40 of 120 pages, 31.2 MB/s, 180 pages/s written, 3 s to go, of that 40 ms standing still": phase, pass, pages of the
    /// pass, speed, dirty rate, the machine's estimate.
    std::string text() const;

  private:
    void begin_part();

    Clock::time_point asked_, now_;
    std::string state_, estimate_;
    std::uint64_t pass_ = 0, done_ = 0, total_ = 0, left_ = 0, bytes_ = 0, dirty_rate_ = 0;
    std::uint64_t sent_ = 0;                    ///< pages, each time
    std::uint64_t part_sent_ = 0, to_send_ = 0; ///< sent before this pass, or phase; pages that are to be sent in it
};

} // namespace transom::tool

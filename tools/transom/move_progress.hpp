// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"
#include "management_answer.hpp"

#include <string>

namespace transom::tool {

/// A move as its user sees it while it is under way: what the source says of it (`migration`, docs/manage.md), several times a second.
class MoveProgress {
  public:
    explicit MoveProgress(Clock::time_point asked) : asked_(asked) {}

    /// To be called with each answer.
    void take(const Fields& source, Clock::time_point now);

    /// How much of the memory the target has, 0 to 1.
    double fraction() const;
    /// "pre-copying, pass 2: 40 of 120 pages, 31.2 MB/s, 180 pages/s written, 3 s to go": phase, pass, pages of the pass, speed, dirty rate, estimate.
    std::string text() const;

  private:
    void begin_part(Clock::time_point now);
    std::string estimate() const;

    Clock::time_point asked_, part_began_, now_;
    std::string state_;
    std::uint64_t pass_ = 0, done_ = 0, total_ = 0, left_ = 0, bytes_ = 0, dirty_rate_ = 0;
    std::uint64_t sent_ = 0;                    ///< pages, each time
    std::uint64_t part_sent_ = 0, to_send_ = 0; ///< sent before this pass, or phase; pages that are to be sent in it
};

} // namespace transom::tool

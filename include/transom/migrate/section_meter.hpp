// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/migrate/write_curve.hpp>

namespace transom::migrate {

/// How long sections of the page table take on their way: measured over all rounds of a move, so that the first one, in which all of them go,
/// counts most.
class SectionMeter {
  public:
    void begin_round(Ticks now) { began_ = now; }
    /// `sections` went in it. One in which none went says nothing.
    void end_round(Ticks now, std::uint64_t sections) {
        if (sections == 0)
            return;
        ticks_ += now - began_;
        sections_ += sections;
    }
    /// For so many. Below 2^24 sections and 2^39 ticks.
    Ticks time_for(std::uint64_t sections) const { return sections_ == 0 ? 0 : ticks_ * sections / sections_; }

  private:
    Ticks began_ = 0, ticks_ = 0;
    std::uint64_t sections_ = 0;
};

} // namespace transom::migrate

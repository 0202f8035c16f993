// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "link_rules.hpp"

#include <optional>
#include <random>
#include <set>

namespace transom::tool {

/// What has become of the frames of one direction.
struct LinkCounts {
    std::uint64_t frames = 0;     ///< that came
    std::uint64_t passed = 0;     ///< that went on, those that went on twice twice
    std::uint64_t lost = 0;       ///< by chance
    std::uint64_t cut = 0;        ///< because the link was
    std::uint64_t overrun = 0;    ///< because too many were under way
    std::uint64_t duplicated = 0; ///< by chance
    std::uint64_t reordered = 0;  ///< not delayed, by chance

    LinkCounts operator+(const LinkCounts& other) const;
};

/// Decides what becomes of each frame that goes one way. The same rules, frames and times have the same outcome.
class LinkDirection {
  public:
    using Time = LinkRules::Time; ///< since the link began

    /// `way`: 0 or 1; what is left to chance differs.
    LinkDirection(const LinkRules& rules, unsigned way);

    /// A move has been asked for: cuts count from now.
    void begin_move(Time now) { move_began_ = now; }
    /// A frame of so many bytes has come: when it goes on, each time that it does. `now` does not go back.
    std::vector<Time> frame(Time now, std::size_t bytes);
    const LinkCounts& counts() const { return counts_; }

  private:
    struct Chances {
        double loss, duplicate, reorder, jitter;
    };
    double chance();
    bool is_cut(Time at) const;
    std::optional<Time> departure(Time now, std::size_t bytes, const Chances& chances);

    LinkRules rules_;
    std::mt19937_64 random_;
    std::optional<Time> move_began_;
    Time line_is_free_{};           ///< the last frame has gone out at the rate
    std::multiset<Time> under_way_; ///< when they leave
    LinkCounts counts_;
};

} // namespace transom::tool

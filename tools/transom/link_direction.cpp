// SPDX-License-Identifier: Apache-2.0
#include "link_direction.hpp"

#include <algorithm>

namespace transom::tool {

LinkCounts LinkCounts::operator+(const LinkCounts& other) const {
    return {.frames = frames + other.frames,
            .passed = passed + other.passed,
            .lost = lost + other.lost,
            .cut = cut + other.cut,
            .overrun = overrun + other.overrun,
            .duplicated = duplicated + other.duplicated,
            .reordered = reordered + other.reordered};
}

LinkDirection::LinkDirection(const LinkRules& rules, unsigned way) : rules_(rules), random_(rules.seed * 2 + way) {}

/// From 0 up to 1. The library's distributions differ from one library to the next.
double LinkDirection::chance() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

bool LinkDirection::is_cut(Time at) const {
    return move_began_ && std::ranges::any_of(rules_.cuts, [&](const LinkRules::Cut& cut) {
               const Time since = at - *move_began_;
               return cut.after <= since && since < cut.after + cut.lasting;
           });
}

std::optional<LinkDirection::Time> LinkDirection::departure(Time now, std::size_t bytes, const Chances& chances) {
    under_way_.erase(under_way_.begin(), under_way_.upper_bound(now));
    if (under_way_.size() >= rules_.limit) {
        ++counts_.overrun;
        return {};
    }
    if (rules_.bits_per_second != 0) {
        const double seconds = static_cast<double>(bytes) * 8 / static_cast<double>(rules_.bits_per_second);
        line_is_free_ = std::max(line_is_free_, now) + Time(static_cast<std::int64_t>(seconds * 1e9));
        now = line_is_free_;
    }
    if (rules_.reorder > 0 && chances.reorder < rules_.reorder)
        ++counts_.reordered;
    else
        now += rules_.delay +
               Time(static_cast<std::int64_t>((chances.jitter * 2 - 1) * static_cast<double>(rules_.jitter.count())));
    if (is_cut(now)) {
        ++counts_.cut;
        return {};
    }
    under_way_.insert(now);
    ++counts_.passed;
    return now;
}

std::vector<LinkDirection::Time> LinkDirection::frame(Time now, std::size_t bytes) {
    // All of them for each frame, so that one rule does not change what another one does.
    const Chances chances{chance(), chance(), chance(), chance()};
    ++counts_.frames;
    if (is_cut(now)) {
        ++counts_.cut;
        return {};
    }
    if (chances.loss < rules_.loss) {
        ++counts_.lost;
        return {};
    }
    const bool twice = chances.duplicate < rules_.duplicate;
    counts_.duplicated += twice ? 1 : 0;
    std::vector<Time> departures;
    for (int i = 0; i < (twice ? 2 : 1); ++i)
        if (const auto at = departure(now, bytes, chances))
            departures.push_back(*at);
    return departures;
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace transom::migrate {

using Ticks = std::uint64_t; // of the machine's time base

/// How many different pages a partition stores to within a time at whose beginning it could store to none. Measured in one long
/// pass it says what will be altered in any shorter one: the pages that are stored to often come early in it and the rest
/// later, whatever the mixture. Points lie a quarter further apart each, so that a fixed number covers all times.
class WriteCurve {
  public:
    /// `first`: where the first point is, a millisecond or so.
    void begin(Ticks now, std::uint64_t touched, Ticks first);
    /// To be called often; `touched` as in PageStateTable.
    void sample(Ticks now, std::uint64_t touched);
    /// Straight between the points, and beyond the last one as steep as the last.
    std::uint64_t pages_within(Ticks time) const;

  private:
    struct Point {
        Ticks time = 0;
        std::uint64_t pages = 0;
    };
    static std::uint64_t on_line(Point a, Point b, Ticks time);

    Ticks began_ = 0, due_ = 0;
    std::uint64_t touched_ = 0;
    std::size_t size_ = 1;
    std::array<Point, 96> points_{}; // the first is 0, 0; 1.25^94 times the first time
    Point newest_;
};

} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#include "move_progress.hpp"

#include <gtest/gtest.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;

const Clock::time_point asked{};

std::string shown(MoveProgress& progress, std::string_view source, std::chrono::milliseconds now) {
    progress.take(Fields::parse(source), asked + now);
    return progress.text();
}

TEST(MoveProgress, AMoveGoesThroughItsPhases) {
    MoveProgress progress(asked);
    EXPECT_EQ(shown(progress, "state=connecting pages_done=0 pages_total=4096 bytes=0", 100ms),
              "connecting: 0 of 4096 pages, 0.0 MB/s");
    shown(progress, "state=pre-copying pass=1 pages_done=0 pages_total=4096 pages_sent=0 zero_pages=0 bytes=0", 1000ms);
    EXPECT_EQ(shown(progress,
                    "state=pre-copying pass=1 pages_done=1024 pages_total=4096 pages_sent=1000 zero_pages=24 "
                    "bytes=64000000 eta_ms=3400 predicted_downtime_ms=40 predicted_pages=9",
                    2000ms),
              "pre-copying, pass 1: 1024 of 4096 pages, 32.0 MB/s, 3 s to go, of that 40 ms standing still");
    EXPECT_EQ(progress.fraction(), 0.25);
    shown(progress,
          "state=pre-copying pass=2 pages_done=3796 pages_total=4096 pages_sent=4000 zero_pages=100 pages_left=300 "
          "dirty_rate=180 bytes=250000000",
          5000ms);
    EXPECT_EQ(
        shown(progress,
              "state=pre-copying pass=2 pages_done=3896 pages_total=4096 pages_sent=4100 zero_pages=100 pages_left=300 "
              "dirty_rate=180 bytes=260000000 eta_ms=30 predicted_downtime_ms=0 predicted_pages=0",
              5500ms),
        "pre-copying, pass 2: 100 of 300 pages, 47.3 MB/s, 180 pages/s written, 1 s to go, of that 0 ms standing "
        "still");
    EXPECT_EQ(
        shown(progress,
              "state=copying pass=2 pages_done=4000 pages_total=4096 pages_sent=4200 zero_pages=100 pages_left=96 "
              "dirty_rate=180 bytes=270000000",
              6000ms),
        "standing still: 4000 of 4096 pages, 45.0 MB/s");
    EXPECT_EQ(
        shown(progress,
              "state=post-copying pass=2 pages_done=4000 pages_total=4096 pages_left=96 bytes=270000000 eta_ms=2000",
              6000ms),
        "runs there, fetching: 96 pages to come, 45.0 MB/s, 2 s to go");
}

TEST(MoveProgress, SaysNothingOfWhatItDoesNotKnow) {
    MoveProgress progress(asked);
    EXPECT_EQ(shown(progress, "state=none", 0ms), "none: 0 of 0 pages");
    EXPECT_EQ(progress.fraction(), 0);
}

} // namespace
} // namespace transom::tool

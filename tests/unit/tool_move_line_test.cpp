// SPDX-License-Identifier: Apache-2.0
// What `transom status`, `migration` and `move` say of a move.
#include "move_line.hpp"

#include <gtest/gtest.h>

namespace transom::tool {
namespace {

constexpr std::uint64_t timebase = 1'000'000;

std::string line(std::string_view words) { return move_line(Fields::parse(words), timebase); }

TEST(MoveLine, SaysHowAMoveGoesOn) {
    EXPECT_EQ(line("state=none"), "no move yet");
    EXPECT_EQ(line("state=pre-copying role=source partition=a peer=10.77.0.2 pages_done=100 pages_total=4096 pass=2 "
                   "pages_left=300 dirty_rate=180 bandwidth=900 eta_ms=3200 predicted_downtime_ms=40"),
              "a to 10.77.0.2: pre-copying, pass 2, 100 of 4096 pages there, 180 pages/s written, 900 pages/s can be "
              "sent, 3 s to go, of that 40 ms standing still");
    EXPECT_EQ(
        line("state=post-copying role=target partition=a peer=10.77.0.1 pages_done=100 pages_total=4096 "
             "error_name=connection-lost error=\"the connection broke\""),
        "a from 10.77.0.1: runs there, fetching, 100 of 4096 pages there (connection-lost: the connection broke)");
}

TEST(MoveLine, SaysHowAMoveEnded) {
    EXPECT_EQ(line("state=completed role=source partition=a peer=10.77.0.2 pages_done=9 pages_total=9 "
                   "ended_ticks=2500000 downtime_ticks=41500"),
              "a to 10.77.0.2: completed after 2.5 s, stood still for 41.5 ms");
    EXPECT_EQ(line("state=refused role=source partition=a peer=10.77.0.2 ended_ticks=100000 error_name=memory "
                   "error=\"no memory\""),
              "a to 10.77.0.2: refused after 0.1 s (memory: no memory)");
}

TEST(MoveLine, TheJsonHasNumbersAsNumbersAndNamesAsNames) {
    const auto json = move_json(Fields::parse("state=failed partition=77 peer=10.77.0.2 bytes=12 error=\"5\""));
    EXPECT_EQ(json["state"], "failed");
    EXPECT_EQ(json["partition"], "77");
    EXPECT_EQ(json["peer"], "10.77.0.2");
    EXPECT_EQ(json["bytes"], 12);
    EXPECT_EQ(json["error"], "5");
}

} // namespace
} // namespace transom::tool

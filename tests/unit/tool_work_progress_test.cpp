// SPDX-License-Identifier: Apache-2.0
#include "work_progress.hpp"

#include <gtest/gtest.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;

/// A partition whose clock is at 100 s when the host's is at `begin`, and stands still for 300 ms after 2 s.
class WorkProgress : public testing::Test {
  protected:
    WorkProgress() {
        for (std::chrono::milliseconds time = 0ms; time <= 4000ms; time += 10ms) {
            Tick tick;
            tick.boottime_ns = (100s + time) / 1ns;
            tick.at = begin_ + time + (time > 2000ms ? 300ms : 0ms);
            ticks_.push_back(tick);
        }
    }
    Clock::time_point begin_ = Clock::now();
    std::vector<Tick> ticks_;
};

TEST_F(WorkProgress, ThePartitionsClockIsPutToTheHosts) {
    const auto samples = work_samples("step 1 99.50 1\nstep 1 100.50 4\nstep 1 103.00 9\nstep 1 104.20 11\n", ticks_);
    ASSERT_EQ(samples.size(), 2u) << "the first and the last note are of no time in which it ticked";
    EXPECT_EQ(samples[0].at, 10050u);
    EXPECT_EQ(samples[0].units, 3u) << "since the first note";
    EXPECT_EQ(samples[0].arrival, begin_ + 500ms);
    EXPECT_EQ(samples[1].units, 8u);
    EXPECT_EQ(samples[1].arrival, begin_ + 3300ms);
}

TEST_F(WorkProgress, WorkersAreAddedUpAndOtherLinesLeftOut) {
    const auto samples = work_samples("step 1 100.10 5\nstep 1 100.30 6\n[  9.1] a kernel says\nstep 2 100.10 50\n"
                                      "step 2 100.20 51\nstep 2 100.30 52\nstep 3 1003 7\nstep 2 100.4",
                                      ticks_);
    ASSERT_EQ(samples.size(), 3u);
    EXPECT_EQ(samples[0].units, 0u);
    EXPECT_EQ(samples[1].units, 1u);
    EXPECT_EQ(samples[2].units, 3u) << "both at once";
    EXPECT_TRUE(work_samples("", ticks_).empty());
    EXPECT_TRUE(work_samples("step 1 100.10 5\n", {}).empty());
}

TEST_F(WorkProgress, ARateIsByPhase) {
    std::string notes;
    for (unsigned hundredths = 0, steps = 0; hundredths < 400; hundredths += 10) {
        steps += hundredths < 100 ? 2 : 1;
        notes += "step 1 " + std::to_string(100 + hundredths / 100) + "." + (hundredths % 100 < 10 ? "0" : "") +
                 std::to_string(hundredths % 100) + " " + std::to_string(steps) + "\n";
    }
    const auto phases = progress_by_phase(
        work_samples(notes, ticks_),
        {{"before", begin_}, {"pre-copying", begin_ + 1000ms}, {"completed", begin_ + 2300ms}}, work_clock);
    ASSERT_EQ(phases.size(), 3u);
    EXPECT_NEAR(phases[0].units_per_second, 20, 0.01);
    EXPECT_EQ(phases[1].phase, "pre-copying");
    EXPECT_NEAR(phases[1].units_per_second, 10, 0.01);
    EXPECT_NEAR(phases[1].slowdown, 0.5, 0.01);
}

} // namespace
} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "guest_progress.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t frequency = 1000; // a tick is a millisecond

/// A guest that says what it has done every 50 ms, on a terminal whose bytes come when its own time says.
class ProgressTest : public testing::Test {
  protected:
    void run(std::chrono::milliseconds how_long, std::uint64_t units_a_second, ConsoleFilter& console) {
        for (auto end = now_ + how_long; now_ < end;) {
            now_ += 50ms;
            units_ += units_a_second / 20;
            stores_ += 10;
            console.feed(begin_ + now_,
                         fmt::format("writer: at={} units={} stores={} wrong=0\n", now_.count(), units_, stores_));
        }
    }
    void mark(std::string phase) { marks_.push_back({std::move(phase), begin_ + now_}); }
    std::vector<PhaseProgress> phases() {
        return progress_by_phase(collect_progress({source_, 0}, {target_, 0}), marks_, frequency);
    }

    Clock::time_point begin_ = Clock::now();
    std::chrono::milliseconds now_{0};
    std::uint64_t units_ = 0, stores_ = 0;
    ConsoleFilter source_, target_;
    std::vector<PhaseMark> marks_;
};

TEST_F(ProgressTest, SlowdownIsByPhase) {
    mark("before");
    run(1000ms, 10'000, source_);
    mark("pre-copying");
    run(2000ms, 5'000, source_);
    mark("copying");
    now_ += 300ms; // it stands still
    mark("post-copying");
    run(1000ms, 2'000, target_);
    mark("completed");
    run(1000ms, 10'000, target_);
    const auto found = phases();
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].phase, "before");
    EXPECT_NEAR(found[0].units_per_second, 10'000, 1);
    EXPECT_NEAR(found[0].stores_per_second, 200, 1);
    EXPECT_EQ(found[1].phase, "pre-copying");
    EXPECT_NEAR(found[1].slowdown, 0.5, 0.001);
    EXPECT_EQ(found[2].phase, "post-copying");
    EXPECT_NEAR(found[2].slowdown, 0.8, 0.001);
    EXPECT_EQ(found[3].phase, "completed");
    EXPECT_NEAR(found[3].slowdown, 0, 0.001);
}

// The host asks now and then: what came shortly before it saw a phase may be the next phase's.
TEST_F(ProgressTest, WhatMayBelongToTheNextPhaseIsLeftOut) {
    mark("before");
    run(1000ms, 10'000, source_);
    run(100ms, 1'000, source_); // it is slower already, and the host does not know
    mark("pre-copying");
    run(1000ms, 1'000, source_);
    const auto found = phases();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_NEAR(found[0].units_per_second, 10'000, 1);
    EXPECT_NEAR(found[1].slowdown, 0.9, 0.001);
}

TEST_F(ProgressTest, OthersSayNothing) {
    source_.feed(begin_, "tick 1 1\nwriter: at=1 units=x stores=2 wrong=0\nwriter: ready pages=3\n");
    mark("before");
    EXPECT_TRUE(phases().empty());
}

} // namespace
} // namespace transom::tool

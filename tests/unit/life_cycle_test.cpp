// SPDX-License-Identifier: Apache-2.0
#include "life_cycle_fixture.hpp"

#include <transom/net/clock.hpp>

namespace transom::manage {
namespace {

TEST_F(LifeCycleTest, CyclesLeaveNothingBehind) {
    for (int cycle = 0; cycle < 5; ++cycle) {
        ASSERT_EQ(define({{"a"}, {"b", 32}}), "");
        EXPECT_THAT(status(), ElementsAre("a defined operator 10", "b defined operator 10"));
        ASSERT_EQ(start("a"), "");
        ASSERT_EQ(start("b"), "");
        EXPECT_THAT(status(), ElementsAre("a running operator 10", "b running operator 10"));
        EXPECT_EQ(partition("b").memory.size(), mib(32));
        const std::array secret = {std::byte{1}, std::byte{2}};
        ASSERT_TRUE(partition("a").memory.write({mib(15)}, secret));
        ASSERT_EQ(stop("a"), "");
        ASSERT_EQ(start("a"), "") << "the definition stays";
        ASSERT_EQ(stop("b"), "");
        ASSERT_EQ(stop("a"), "");
        const Bytes stopped = free();
        ASSERT_EQ(remove("a"), "");
        EXPECT_EQ(free(), stopped) << "the other one needs the bundle";
        EXPECT_THAT(status(), ElementsAre("b defined operator 10"));
        ASSERT_EQ(remove("b"), "");
        ASSERT_EQ(free(), before_);
    }
    EXPECT_EQ(dispatcher_.pool().entitled, 0u);
    EXPECT_TRUE(std::ranges::all_of(machine.memory_, [](std::byte b) { return b == std::byte{0}; })) << "scrubbed";
}

TEST_F(LifeCycleTest, TheMachineEndsWithItsLastPartitionUnlessAnOperatorHasAHandInIt) {
    adopt({{"a"}, {"b"}});
    EXPECT_THAT(status(), ElementsAre("a defined boot 10", "b defined boot 10"));
    for (const char* who : {"a", "b"})
        ASSERT_TRUE(life_.start_at_once(*life_.definitions().find(who)));
    end_itself("a", StopReason::power_off);
    EXPECT_FALSE(life_.over());
    EXPECT_EQ(stop("b"), "");
    EXPECT_FALSE(life_.over()) << "the last one has not ended by itself";
    EXPECT_EQ(start("b"), "");
    end_itself("b", StopReason::last_stopped);
    EXPECT_TRUE(life_.over());
    ASSERT_EQ(define({{"c"}}), "");
    ASSERT_EQ(start("c"), "");
    end_itself("c", StopReason::power_off);
    EXPECT_FALSE(life_.over()) << "whoever has defined it may start it again";
    EXPECT_EQ(remove("c"), "");
    EXPECT_FALSE(life_.over());
    const Bytes with_boot_bundle = free();
    EXPECT_EQ(remove("a"), "");
    EXPECT_EQ(free(), with_boot_bundle);
    EXPECT_EQ(remove("b"), "");
    EXPECT_EQ(free(), before_) << "but for the bundle itself, which firmware has put there";
}

TEST_F(LifeCycleTest, TheMachineDoesNotEndBeforeItHasAnswered) {
    machine.advance(1);
    adopt({{"a"}, {"b"}});
    for (const char* who : {"a", "b"})
        ASSERT_TRUE(life_.start_at_once(*life_.definitions().find(who)));
    ASSERT_TRUE(life_.stop("b", false));
    life_.operator_waits();
    end_itself("a", StopReason::power_off);
    EXPECT_FALSE(life_.over()) << "b is still being scrubbed";
    life_.operator_answered();
    EXPECT_FALSE(life_.over()) << "the answer is on its way";
    machine.advance(200 * net::ticks_per_millisecond());
    EXPECT_TRUE(life_.over());
}

TEST_F(LifeCycleTest, AStartAndAScrubTakeManySteps) {
    machine.step_ = net::ticks_per_millisecond(); // no step does more than it must
    ASSERT_EQ(define({{"a"}, {"b"}}), "");
    ASSERT_TRUE(life_.start("a", false));
    unsigned rounds = 0;
    for (; is_starting("a"); ++rounds) {
        EXPECT_EQ(life_.run(), 0u) << "at once again";
        if (rounds == 10) {
            EXPECT_THAT(status(), ElementsAre("a starting operator 10", "b defined operator 10"));
            EXPECT_EQ(name(life_.start("a", true)), "starting");
            EXPECT_EQ(partition("a").state, PartitionState::empty);
            ASSERT_TRUE(life_.start("b", false)) << "two at a time";
        }
    }
    EXPECT_GT(rounds, 100u) << "16 MiB are 256 frames";
    EXPECT_EQ(partition("a").state, PartitionState::running);
    EXPECT_TRUE(is_starting("b")) << "one half as far as the other";
    settle();
    EXPECT_EQ(partition("b").state, PartitionState::running);

    const Bytes running = free();
    ASSERT_TRUE(life_.stop("a", false));
    const Bytes frames_of_one = frames.total(FrameState::dirty);
    EXPECT_EQ(free(), running) << "nothing is free that is not scrubbed";
    EXPECT_GT(frames_of_one, mib(16)) << "with its page table and what the roster has of it";
    const std::uint64_t mark = frames.mark();
    for (rounds = 0; !frames.was_scrubbed(mark); ++rounds)
        EXPECT_EQ(life_.run(), 0u);
    EXPECT_GT(rounds, 100u);
    EXPECT_EQ(frames.total(FrameState::dirty), 0u);
    EXPECT_EQ(free(), running + frames_of_one);
}

TEST_F(LifeCycleTest, TheMachineDoesNotEndUnderABundleThatIsComing) {
    adopt({{"a"}});
    ASSERT_TRUE(life_.start_at_once(*life_.definitions().find("a")));
    const auto coming = bundle({{"b"}});
    const auto given_up = life_.reserve(100);
    const auto memory = life_.reserve(coming.size());
    ASSERT_TRUE(memory && given_up);
    end_itself("a", StopReason::power_off);
    EXPECT_FALSE(life_.over());
    life_.drop(*given_up);
    EXPECT_FALSE(life_.over());
    std::ranges::copy(coming, memory->begin());
    ASSERT_TRUE(life_.define(*memory));
    EXPECT_FALSE(life_.over());
    EXPECT_EQ(start("b"), "");

    end_itself("b", StopReason::power_off);
    EXPECT_EQ(remove("b"), "");
    ASSERT_EQ(start("a"), "");
    const auto lost = life_.reserve(coming.size());
    ASSERT_TRUE(lost);
    end_itself("a", StopReason::power_off);
    EXPECT_FALSE(life_.over());
    life_.drop(*lost);
    EXPECT_TRUE(life_.over()) << "nobody waits for anything any more";
    EXPECT_FALSE(life_.reserve(gib(1)));
    EXPECT_TRUE(life_.over());
}

} // namespace
} // namespace transom::manage

// SPDX-License-Identifier: Apache-2.0
#include "life_cycle_fixture.hpp"

#include <transom/net/clock.hpp>
#include <transom/partition/terminals.hpp>

namespace transom::manage {
namespace {

TEST_F(LifeCycleTest, ResetStartsAnewInTheSamePlace) {
    ASSERT_EQ(define({{"a", 16, 90}, {"b"}}), "");
    ASSERT_EQ(start("a"), "");
    ASSERT_EQ(start("b"), "");
    const Bytes running = free();
    const std::array mark = {std::byte{0x77}};
    ASSERT_TRUE(partition("a").memory.write({mib(1)}, mark));
    events_.clear();
    partition("a").terminals[0].session = 3;
    const auto written = [&] { return partition::kept_of(partition("a"), 0); };
    ASSERT_EQ(reset("a"), "") << "all that is left is its own";
    EXPECT_EQ(partition("a").terminals[0].session, 3u) << "whoever is at a terminal stays there";
    EXPECT_THAT(events_, ElementsAre("ending a", "starting a anew"));
    EXPECT_EQ(partition("a").lpid, 1u);
    EXPECT_EQ(partition("a").share.claim.entitled, 90u);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 0u);
    std::array<std::byte, 1> seen{};
    ASSERT_TRUE(partition("a").memory.read({mib(1)}, seen));
    EXPECT_EQ(seen[0], std::byte{0});
    ASSERT_TRUE(partition("a").memory.read({0}, seen));
    EXPECT_EQ(seen[0], std::byte{0x11}) << "the kernel";
    EXPECT_EQ(partition("a").state, PartitionState::running);
    EXPECT_EQ(free(), running);
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(partition("a").lpid, 1u);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 0u);
    EXPECT_EQ(free(), running);
    EXPECT_FALSE(life_.over());
    events_.clear();
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(written(), 0u);
    ASSERT_TRUE(partition("a").terminals[0].write(std::array<std::uint8_t, 3>{'b', 'y', 'e'}));
    std::array<std::uint8_t, 8> taken{};
    partition::take_written(partition("a"), 0, taken);
    EXPECT_EQ(written(), 3u);
    EXPECT_EQ(reset("a"), "");
    EXPECT_EQ(written(), 3u) << "what it wrote before stays readable";
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(written(), 3u);
    events_.clear();
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(stop("a"), "");
    EXPECT_EQ(start("a"), "");
    EXPECT_EQ(written(), 0u) << "but not when it has been given back";
    EXPECT_THAT(events_, ElementsAre("ending a", "starting a anew", "ending a", "starting a"));
}

TEST_F(LifeCycleTest, WhoTakesTheLastMemoryKeepsNobodyFromStartingAnew) {
    ASSERT_EQ(define({{"a"}}), "");
    ASSERT_EQ(start("a"), "");
    const auto fill = [&] {
        while (life_.reserve(1)) {} // uploads that do not come
        while (frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor)) {}
        ASSERT_EQ(frames.available(), 0u);
    };
    fill();
    end_itself("a", StopReason::reboot);
    ASSERT_NE(roster_.find("a"), nullptr) << machine.log_.back();
    EXPECT_EQ(partition("a").state, PartitionState::running);
    fill();
    EXPECT_EQ(reset("a"), "");
    EXPECT_EQ(partition("a").state, PartitionState::running);
}

TEST_F(LifeCycleTest, WhoStartsItselfAnewIsAnOperatorsAgain) {
    machine.step_ = net::ticks_per_millisecond() / 20;
    ASSERT_EQ(define({{"hostile"}, {"victim"}}), "");
    ASSERT_EQ(start("hostile"), "");
    ASSERT_EQ(start("victim"), "");
    partition("victim").share.contenders[0]->state = partition::Contender::State::ready;
    const auto reboot = [&] {
        Partition& hostile = partition("hostile");
        hostile.stop_reason = StopReason::reboot;
        hostile.state = PartitionState::off;
        life_.ended(hostile);
        while (frames.scrub_one()) {}
        life_.run();
        EXPECT_NE(life_.run(), 0u) << "it gets little";
        EXPECT_TRUE(is_starting("hostile"));
    };
    reboot();
    ASSERT_TRUE(life_.reset("hostile"));
    EXPECT_EQ(life_.run(), 0u) << "what an operator wants does not wait";
    settle();
    EXPECT_EQ(partition("hostile").state, PartitionState::running);
    reboot();
    EXPECT_EQ(stop("hostile"), "");
    EXPECT_EQ(roster_.find("hostile"), nullptr);
    ASSERT_EQ(start("hostile"), "");
    reboot();
    EXPECT_EQ(remove("hostile"), "");
    EXPECT_THAT(status(), ElementsAre("victim running operator 10"));
}

TEST_F(LifeCycleTest, WhatIsBeingScrubbedCanBeStartedAgainAtOnce) {
    ASSERT_EQ(define({{"a", 64}}), "");
    ASSERT_EQ(start("a"), "");
    std::array mark = {std::byte{0x77}};
    ASSERT_TRUE(partition("a").memory.write({mib(63)}, mark));
    ASSERT_TRUE(life_.stop("a", false));
    ASSERT_LT(free(), mib(64));
    ASSERT_EQ(start("a"), "") << "though nothing has been scrubbed yet";
    ASSERT_TRUE(partition("a").memory.read({mib(63)}, mark));
    EXPECT_EQ(mark[0], std::byte{0});
    EXPECT_EQ(stop("a"), "");
    EXPECT_EQ(remove("a"), "");
    EXPECT_EQ(free(), before_);
}

TEST_F(LifeCycleTest, OneThatStartsAgainAndAgainHoldsUpNobody) {
    machine.step_ = net::ticks_per_millisecond();
    ASSERT_EQ(define({{"hostile"}, {"a"}}), "");
    ASSERT_EQ(start("hostile"), "");
    ASSERT_TRUE(life_.start("a", false));
    const auto reboot = [&] {
        Partition& hostile = partition("hostile");
        if (hostile.state != PartitionState::running)
            return;
        hostile.stop_reason = StopReason::reboot;
        hostile.state = PartitionState::off;
        life_.ended(hostile);
    };
    unsigned rounds = 0;
    for (; is_starting("a") && rounds < 10'000; ++rounds) {
        reboot();
        life_.run();
    }
    EXPECT_EQ(partition("a").state, PartitionState::running) << rounds;
    ASSERT_TRUE(life_.stop("a", false));
    const std::uint64_t mark = frames.mark();
    for (rounds = 0; !frames.was_scrubbed(mark) && rounds < 10'000; ++rounds) {
        reboot();
        life_.run();
    }
    EXPECT_TRUE(frames.was_scrubbed(mark));
}

TEST_F(LifeCycleTest, WhoStartsItselfAnewGetsATwentiethWhileOthersWait) {
    const std::uint64_t window = 10 * net::ticks_per_millisecond();
    ASSERT_EQ(define({{"hostile"}, {"victim"}, {"ordered"}}), "");
    ASSERT_EQ(start("hostile"), "");
    ASSERT_EQ(start("victim"), "");
    machine.step_ = net::ticks_per_millisecond() / 20;
    partition("victim").share.contenders[0]->state = partition::Contender::State::ready;
    end_itself("hostile", StopReason::reboot);
    unsigned windows = 0;
    for (; is_starting("hostile") && windows < 1000; ++windows) {
        const std::uint64_t begin = machine.ticks_;
        EXPECT_NE(life_.run(), 0u);
        EXPECT_NE(life_.run(), 0u) << "nothing more";
        EXPECT_LT(machine.ticks_ - begin, window / 10);
        machine.advance(window);
    }
    EXPECT_GT(windows, 10u);
    EXPECT_LT(windows, 1000u);
    // What an operator orders does not wait for that; nor does it where nobody else wants the processors.
    EXPECT_EQ(start("ordered"), "");
    EXPECT_EQ(partition("ordered").state, PartitionState::running);
    partition("victim").share.contenders[0]->state = partition::Contender::State::waits;
    end_itself("hostile", StopReason::reboot);
    EXPECT_FALSE(is_starting("hostile"));
}

} // namespace
} // namespace transom::manage

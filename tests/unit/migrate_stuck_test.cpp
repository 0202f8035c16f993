// SPDX-License-Identifier: Apache-2.0
#include "move_fixture.hpp"
#include <transom/migrate/getting_on.hpp>
#include <transom/migrate/limits.hpp>

// A move ends by itself where it does not get on before its partition is stopped, however alive both sides are (R104).

namespace transom::test {
namespace {

using migrate::MoveError;
using migrate::MoveState;
using testing::HasSubstr;

TEST(GettingOn, R104_SoMuchHasToGoInTime) {
    constexpr migrate::Ticks limit = 1000;
    migrate::GettingOn move;
    move.restart(5, 77);
    EXPECT_FALSE(move.is_stuck(5 + limit - 1, 77 + migrate::stuck_least - 1, limit));
    EXPECT_TRUE(move.is_stuck(5 + limit, 77 + migrate::stuck_least - 1, limit));
    EXPECT_FALSE(move.is_stuck(5 + limit, 77 + migrate::stuck_least, limit)) << "however late";
    EXPECT_FALSE(move.is_stuck(5 + 2 * limit - 1, 77 + migrate::stuck_least, limit)) << "and counted anew from then";
    EXPECT_TRUE(move.is_stuck(5 + 2 * limit, 77 + migrate::stuck_least, limit));
}

class Stuck : public Move {
  protected:
    /// Both sides live and talk for so long, so many times in a second.
    void live(std::uint64_t seconds, std::uint64_t times = 2) {
        for (std::uint64_t i = 0; i < times * seconds && source.progress().in_progress(); ++i) {
            for (int step = 0; step < 4; ++step) {
                net.pump();
                source.step(1000);
                target.step(1000);
            }
            source_control.ticks += facts.timebase_frequency / times;
            target_control.ticks += facts.timebase_frequency / times;
        }
    }
    void expect_it_stays(std::string_view why) {
        settle();
        EXPECT_EQ(source.progress().state, MoveState::failed);
        EXPECT_EQ(source.progress().failure.error, MoveError::time_limit);
        EXPECT_THAT(std::string(source.progress().failure.text()), HasSubstr(std::string(why)));
        EXPECT_TRUE(runs_here());
        EXPECT_EQ(source_control.resumed, 0u) << "it was not even stopped";
        EXPECT_EQ(source_control.untracked, 1u);
        EXPECT_EQ(target_control.started, 0u);
        EXPECT_EQ(target_control.discarded, 1u);
    }
};

TEST_F(Stuck, R104_WhoDoesNotComeToItsSecondPageTableStays) {
    source_control.track_after = 1'000'000;
    ASSERT_TRUE(source.start(net, order(large())));
    live(migrate::stuck_limit_s - 5);
    EXPECT_TRUE(source.progress().in_progress()) << source.progress().failure.text();
    live(10);
    expect_it_stays("did not go over to a second page table");
}

TEST_F(Stuck, R104_ATableThatTakesLongToMakeIsWaitedFor) {
    source_control.track_after = 2000;
    source_control.until_tracked = migrate::Headway::some;
    ASSERT_TRUE(source.start(net, order(large())));
    live(3 * migrate::stuck_limit_s);
    EXPECT_NE(source_control.track_after, 0u);
    EXPECT_TRUE(source.progress().in_progress()) << source.progress().failure.text();
    live(1000);
    settle();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_memory();
}

TEST_F(Stuck, R104_AFirstPassThatDoesNotGetOnEnds) {
    migrate::MoveOrder slow = order(large());
    slow.bandwidth = 2'000; // 400 KB of contents come first
    ASSERT_TRUE(source.start(net, slow));
    for (int second = 0; second < 40 && source.progress().pass == 0; ++second)
        live(1);
    ASSERT_EQ(source.progress().pass, 1u) << "the page table went";
    live(migrate::stuck_limit_s - 5);
    EXPECT_TRUE(source.progress().in_progress()) << source.progress().failure.text();
    EXPECT_GT(source.progress().pages, 10u) << "a little has gone";
    live(10);
    expect_it_stays("less than 1 MiB of its memory went");
    EXPECT_EQ(source.progress().pass, 1u);
}

TEST_F(Stuck, R104_AFirstPassMayTakeLong) {
    std::vector<std::uint64_t> all(4000);
    std::iota(all.begin(), all.end(), 0);
    there.scrub();
    migrate::MoveOrder slow = order(populate(kib(4), 2, all));
    slow.bandwidth = 60'000; // 16 MiB in 270 s
    ASSERT_TRUE(source.start(net, slow));
    live(150, 50);
    EXPECT_EQ(source.progress().pass, 1u);
    EXPECT_TRUE(source.progress().in_progress()) << source.progress().failure.text();
    live(300, 50);
    settle();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_memory();
}

TEST_F(Stuck, R104_ASweepThatDoesNothingEndsThePass) {
    partition::Partition& p = large();
    migrate::MoveOrder moved = order(p);
    std::ranges::fill(room, 0);
    pages.emplace(p.memory.size(), p.granule, std::as_writable_bytes(std::span(room)),
                  migrate::PageRules{.frequency = facts.timebase_frequency,
                                     .decision = {.mode = migrate::CopyMode::pre_copy, .downtime_ms = 0}});
    moved.pages = &*pages;
    source_control.watch_after = 1'000'000;
    ASSERT_TRUE(source.start(net, moved));
    ASSERT_TRUE(until([&] {
        if (source_control.tracked != nullptr && source.progress().pass == 1)
            source_control.tracked->written({0}, kib(4));
        return source_control.watched != 0;
    }));
    EXPECT_EQ(source.progress().pass, 2u);
    live(migrate::stuck_limit_s + 5);
    expect_it_stays("did not get on");
}

TEST_F(Stuck, R104_ATargetThatIsNeverReadyIsGivenUp) {
    target_control.prepare_after = 1'000'000;
    ASSERT_TRUE(source.start(net, order(large())));
    live(migrate::stuck_limit_s + here.partition->memory.size() / migrate::scrubbed_in_a_second - 5);
    EXPECT_TRUE(source.progress().in_progress()) << source.progress().failure.text();
    live(10);
    expect_it_stays("the target did not become ready");
}

} // namespace
} // namespace transom::test

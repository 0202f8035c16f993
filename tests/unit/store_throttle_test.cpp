// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <memory>
#include <transom/migrate/store_throttle.hpp>

namespace transom::migrate {
namespace {

constexpr Ticks second = 512'000'000;
constexpr std::uint64_t fast = 1000; // pages a second

class StoreThrottleTest : public testing::Test {
  protected:
    StoreThrottleTest() {
        partition->vcpu_count = 4;
        for (std::uint32_t i = 0; i < 4; ++i)
            partition->vcpus[i].partition = partition.get();
        throttle.begin(second);
    }
    partition::StoreToll& toll(std::uint32_t vcpu) { return partition->vcpus[vcpu].toll; }
    /// A pass of a second, in which each of them is given the right to store so often.
    void pass(const std::array<unsigned, 4>& grants) {
        throttle.begin_pass(*partition, now);
        for (std::uint32_t i = 0; i < grants.size(); ++i)
            for (unsigned n = 0; n < grants[i]; ++n)
                toll(i).granted(1);
        now += second;
        throttle.end_pass(*partition, now);
    }

    std::unique_ptr<partition::Partition> partition = std::make_unique<partition::Partition>();
    StoreThrottle throttle;
    Ticks now = 1000;
};

TEST_F(StoreThrottleTest, SlowsOnlyThoseThatStore) {
    pass({1000, 0, 900, 10});
    EXPECT_EQ(throttle.slow(*partition, 50, fast), 2u);
    EXPECT_EQ(toll(0).each(), second / 1000) << "as long as it is from one to the next: half as many";
    EXPECT_EQ(toll(1).each(), 0u);
    EXPECT_EQ(toll(2).each(), second / 900);
    EXPECT_EQ(toll(3).each(), 0u);
}

TEST_F(StoreThrottleTest, GoesByWhatTheyDidUnhindered) {
    pass({1000, 0, 0, 0});
    EXPECT_EQ(throttle.slow(*partition, 10, 0), 1u);
    EXPECT_EQ(toll(0).each(), second / 1000 / 9);
    pass({900, 0, 0, 0});
    EXPECT_EQ(throttle.slow(*partition, 20, 0), 1u);
    EXPECT_EQ(toll(0).each(), second / 1000 / 4);
    pass({100, 500, 0, 0}); // another one begins, and the first does less of itself
    EXPECT_EQ(throttle.slow(*partition, 90, 0), 2u);
    EXPECT_EQ(toll(0).each(), second / 1000 * 9);
    EXPECT_EQ(toll(1).each(), second / 500 * 9);
}

TEST_F(StoreThrottleTest, NobodyIsHeldForLong) {
    pass({2, 0, 0, 0});
    throttle.slow(*partition, 90, 0);
    EXPECT_EQ(toll(0).each(), second / 2 * 9);
    toll(0).granted(1);
    Ticks time = 0;
    unsigned turns = 0;
    for (; toll(0).pay(time); ++turns) {
        const Ticks paid = toll(0).until() - time;
        EXPECT_LE(paid, second / StoreThrottle::least_turns) << "then it has a turn";
        time += paid;
    }
    EXPECT_EQ(time, second / 2 * 9) << "but it pays for all of it";
    EXPECT_GE(turns, 4u * StoreThrottle::least_turns);
}

// Over a slow link a page takes longer than anybody may be held at once.
TEST_F(StoreThrottleTest, APageCostsByWhatCanBeSent) {
    constexpr std::uint64_t bandwidth = 10;
    pass({40, 0, 40, 0});
    EXPECT_EQ(throttle.slow(*partition, 90, bandwidth), 2u);
    EXPECT_EQ(toll(0).each(), second / 40 * 9) << "225 ms";
    pass({2, 0, 2, 0});
    EXPECT_EQ(throttle.slow(*partition, 99, bandwidth), 2u);
    EXPECT_EQ(toll(0).each(), 2 * StoreThrottle::least_part * second / bandwidth)
        << "together a quarter of what can be sent is little enough";
}

TEST_F(StoreThrottleTest, ALargePageIsAsManyAsAreToBeSentForIt) {
    throttle.begin_pass(*partition, now);
    toll(0).granted(256);
    for (unsigned n = 0; n < 10; ++n)
        toll(1).granted(1);
    now += second;
    throttle.end_pass(*partition, now);
    EXPECT_EQ(throttle.slow(*partition, 50, fast), 1u) << "the other one stores to little";
    EXPECT_EQ(toll(0).each(), second / 256);
    toll(0).granted(256);
    ASSERT_TRUE(toll(0).pay(0));
    EXPECT_EQ(toll(0).until(), second / StoreThrottle::least_turns) << "a second in instalments";
}

TEST_F(StoreThrottleTest, EndsForAll) {
    pass({100, 100, 100, 100});
    EXPECT_EQ(throttle.slow(*partition, 30, 0), 4u);
    StoreThrottle::end(*partition);
    for (std::uint32_t i = 0; i < 4; ++i)
        EXPECT_EQ(toll(i).each(), 0u);
}

TEST(StoreToll, IsPaidBeforeTheNextRight) {
    partition::StoreToll toll;
    EXPECT_FALSE(toll.pay(0));
    toll.granted(1);
    EXPECT_FALSE(toll.pay(0)) << "nothing is due";
    toll.set(100);
    toll.granted(1);
    EXPECT_TRUE(toll.pay(1000));
    EXPECT_FALSE(toll.pay(1001)) << "once for each";
    EXPECT_TRUE(toll.held(1099));
    EXPECT_FALSE(toll.held(1100));
    EXPECT_FALSE(toll.is_held());
    toll.granted(1);
    EXPECT_TRUE(toll.pay(2000));
    toll.set(0);
    EXPECT_FALSE(toll.held(2001)) << "nothing is due any more";
}

} // namespace
} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <memory>
#include <transom/migrate/store_throttle.hpp>

namespace transom::migrate {
namespace {

constexpr Ticks second = 512'000'000;

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
                toll(i).granted();
        now += second;
        throttle.end_pass(*partition, now);
    }

    std::unique_ptr<partition::Partition> partition = std::make_unique<partition::Partition>();
    StoreThrottle throttle;
    Ticks now = 1000;
};

TEST_F(StoreThrottleTest, SlowsOnlyThoseThatStore) {
    pass({1000, 0, 900, 10});
    EXPECT_EQ(throttle.slow(*partition, 50), 2u);
    EXPECT_EQ(toll(0).each(), second / 1000) << "as long as it is from one to the next: half as many";
    EXPECT_EQ(toll(1).each(), 0u);
    EXPECT_EQ(toll(2).each(), second / 900);
    EXPECT_EQ(toll(3).each(), 0u);
}

TEST_F(StoreThrottleTest, GoesByWhatTheyDidUnhindered) {
    pass({1000, 0, 0, 0});
    EXPECT_EQ(throttle.slow(*partition, 10), 1u);
    EXPECT_EQ(toll(0).each(), second / 1000 / 9);
    pass({900, 0, 0, 0});
    EXPECT_EQ(throttle.slow(*partition, 20), 1u);
    EXPECT_EQ(toll(0).each(), second / 1000 / 4);
    pass({100, 500, 0, 0}); // another one begins, and the first does less of itself
    EXPECT_EQ(throttle.slow(*partition, 90), 2u);
    EXPECT_EQ(toll(0).each(), second / 1000 * 9);
    EXPECT_EQ(toll(1).each(), second / 500 * 9);
}

TEST_F(StoreThrottleTest, NobodyIsHeldForLong) {
    pass({2, 0, 0, 0});
    throttle.slow(*partition, 90);
    EXPECT_EQ(toll(0).each(), second / StoreThrottle::least_turns);
}

TEST_F(StoreThrottleTest, EndsForAll) {
    pass({100, 100, 100, 100});
    EXPECT_EQ(throttle.slow(*partition, 30), 4u);
    StoreThrottle::end(*partition);
    for (std::uint32_t i = 0; i < 4; ++i)
        EXPECT_EQ(toll(i).each(), 0u);
}

TEST(StoreToll, IsPaidBeforeTheNextRight) {
    partition::StoreToll toll;
    EXPECT_FALSE(toll.pay(0));
    toll.granted();
    EXPECT_FALSE(toll.pay(0)) << "nothing is due";
    toll.set(100);
    toll.granted();
    EXPECT_TRUE(toll.pay(1000));
    EXPECT_FALSE(toll.pay(1001)) << "once for each";
    EXPECT_TRUE(toll.held(1099));
    EXPECT_FALSE(toll.held(1100));
    EXPECT_FALSE(toll.is_held());
    toll.granted();
    EXPECT_TRUE(toll.pay(2000));
    toll.set(0);
    EXPECT_FALSE(toll.held(2001)) << "nothing is due any more";
}

} // namespace
} // namespace transom::migrate

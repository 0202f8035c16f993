// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <transom/partition/decrementer.hpp>

namespace transom::partition {
namespace {

constexpr std::uint64_t now = 0x12'3456'789a;

TEST(Decrementer, HoldsTheTicksThatAreLeft) {
    EXPECT_EQ(decrementer_at(now + 1000, now), 1000u);
    EXPECT_EQ(decrementer_at(now + 0x7fffffff, now), 0x7fffffffu);
    EXPECT_EQ(decrementer_at(now, now), 0u);
    EXPECT_EQ(decrementer_at(now - 1, now), 0xffffffffu);
}

TEST(Decrementer, I10_KeepsItsInterruptHoweverLongAgoItWas) {
    constexpr std::uint64_t longest = 0x80000000; // ticks that 32 bits can say, about four seconds
    for (const std::uint64_t ago : {longest - 1, longest, longest + 1, 2 * longest, 3 * longest, 1000 * longest})
        EXPECT_LT(static_cast<std::int32_t>(decrementer_at(now - ago, now)), 0) << ago;
}

TEST(Decrementer, PassesZeroAtTheSameTimeAgain) {
    for (const std::uint32_t value : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu})
        EXPECT_EQ(decrementer_at(decrementer_expiry(value, now), now), value);
}

} // namespace
} // namespace transom::partition

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <transom/dual/switch_halts.hpp>

namespace transom::dual {
namespace {

TEST(SwitchHalts, R10_EachProcessorsIsKept) {
    SwitchHalts halts;
    EXPECT_EQ(halts.size(), 0u);
    halts.note(SwitchWay::by_fault, {202, 90});
    halts.note(SwitchWay::on_entry, {44, 12});
    ASSERT_EQ(halts.size(), 2u);
    EXPECT_EQ(halts[0].way, SwitchWay::by_fault);
    EXPECT_EQ(halts[0].held.instructions, 202u);
    EXPECT_EQ(halts[0].held.ticks, 90u);
    EXPECT_EQ(halts[1].way, SwitchWay::on_entry);
    EXPECT_EQ(halts[1].held.instructions, 44u);
}

TEST(SwitchHalts, TheOldestMakeRoom) {
    SwitchHalts halts;
    for (std::uint64_t n = 1; n <= SwitchHalts::kept + 3; ++n)
        halts.note(SwitchWay::on_entry, {n, 10 * n});
    EXPECT_EQ(halts.count(), SwitchHalts::kept + 3);
    ASSERT_EQ(halts.size(), SwitchHalts::kept);
    EXPECT_EQ(halts[0].held.instructions, 4u);
    EXPECT_EQ(halts[SwitchHalts::kept - 1].held.ticks, 10 * (SwitchHalts::kept + 3));
}

} // namespace
} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#include "twin_machine.hpp"

namespace transom::migrate {
namespace {

TEST(TrackedPages, WhatAMoveHasBegunEndsWithIt) {
    arch::FakeMachine machine{twin_size};
    TwinMachine twin(arch::fake_real_base);
    const partition::Partition& one = twin.build("one");
    const partition::Partition& other = twin.build("other");
    const Bytes free = twin.frames.available();
    TrackedPages pages(twin.frames);
    EXPECT_FALSE(pages.tracked());
    ASSERT_NE(pages.begin(one, twin_facts.timebase_frequency, {}), nullptr);
    EXPECT_EQ(pages.partition(), &one);
    EXPECT_FALSE(pages.tracked());
    pages.set_tracked(true);
    ASSERT_NE(pages.begin(other, twin_facts.timebase_frequency, {}), nullptr);
    EXPECT_EQ(pages.partition(), &other);
    EXPECT_FALSE(pages.tracked()) << "that was the one before";
    pages.set_tracked(true);
    pages.end();
    EXPECT_FALSE(pages.tracked());
    EXPECT_FALSE(pages.in_use());
    EXPECT_EQ(twin.frames.available(), free);
}

TEST(ArrivingPages, NothingIsLeftOfAPartitionThatHasArrived) {
    arch::FakeMachine machine{twin_size};
    TwinMachine twin(arch::fake_real_base);
    const partition::Partition& one = twin.build("one");
    const Bytes free = twin.frames.available();
    ArrivingPages pages(twin.frames);
    EXPECT_FALSE(pages.table().on());
    ASSERT_NE(pages.begin(shape_of(one)), nullptr);
    EXPECT_TRUE(pages.table().on());
    pages.end();
    EXPECT_FALSE(pages.table().on());
    EXPECT_EQ(twin.frames.available(), free);
}

} // namespace
} // namespace transom::migrate

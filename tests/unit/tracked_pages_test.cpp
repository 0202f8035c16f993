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

// Of a large partition they are large, and whoever says hello may say it again and again.
TEST(ArrivingPages, AreClearedInPortions) {
    constexpr Bytes size = mib(256), states = size / kib(4) * sizeof(std::uint64_t);
    arch::FakeMachine machine{twin_size};
    TwinMachine twin(arch::fake_real_base);
    twin.leave_noise(mib(16));

    ArrivingPages pages(twin.frames);
    PartitionShape shape;
    shape.memory_size = size;
    shape.granule = kib(4);
    shape.table_log2 = 18;
    PageArrivals* const arrivals = pages.begin(shape);
    ASSERT_NE(arrivals, nullptr);
    EXPECT_EQ(twin.frames.total(FrameState::dirty), mib(16) - states - memory::frame_size);
    const auto state = [&](std::uint64_t page) { return static_cast<unsigned>(arrivals->status({page})); };
    EXPECT_EQ(state(0), 15u) << "nothing yet";
    machine.step_ = 10;
    EXPECT_FALSE(pages.clear(1));
    EXPECT_EQ(state(0), 0u);
    EXPECT_EQ(state(memory::frame_size / sizeof(std::uint64_t)), 15u) << "a frame is a portion";
    unsigned portions = 1;
    for (bool done = false; !done; ++portions)
        done = pages.clear(1);
    EXPECT_EQ(portions, states / memory::frame_size + 1);
    for (std::uint64_t page = 0; page < arrivals->pages(); ++page)
        ASSERT_EQ(arrivals->status({page}), ArrivalStatus::missing) << page;
    EXPECT_TRUE(std::ranges::all_of(arrivals->present(), [](std::uint64_t word) { return word == 0; }));
}

} // namespace
} // namespace transom::migrate

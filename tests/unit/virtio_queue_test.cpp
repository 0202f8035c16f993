// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <cstring>
#include <deque>
#include <gmock/gmock.h>
#include <random>
#include <transom/net/virtio/split_queue.hpp>

namespace transom::net::virtio {
namespace {

/// The device's side, by the addresses that the driver would program.
struct VirtioQueue : testing::Test {
    static constexpr std::uint16_t size = 8;
    arch::FakeMachine machine{mib(1)};
    SplitQueue queue;

    void SetUp() override { queue.init({arch::real_pointer(arch::fake_real_base), kib(64)}, size); }

    template <class T> static T get(RealAddr at) {
        T value;
        std::memcpy(&value, arch::real_pointer(at), sizeof value);
        return value;
    }
    template <class T> static void put(RealAddr at, T value) {
        std::memcpy(arch::real_pointer(at), &value, sizeof value);
    }
    std::uint16_t avail_index() const { return get<std::uint16_t>(queue.driver_area() + 2); }
    std::uint16_t avail(unsigned n) const { return get<std::uint16_t>(queue.driver_area() + 4 + 2 * (n % size)); }
    void give_back(std::uint32_t id, std::uint32_t length) {
        const auto index = get<std::uint16_t>(queue.device_area() + 2);
        put(queue.device_area() + 4 + 8 * (index % size), id);
        put(queue.device_area() + 8 + 8 * (index % size), length);
        put(queue.device_area() + 2, static_cast<std::uint16_t>(index + 1));
    }
    std::uint16_t add(std::initializer_list<SplitQueue::Piece> pieces, bool writes) {
        return queue.add({pieces.begin(), pieces.size()}, writes).value();
    }
};

TEST_F(VirtioQueue, AreasLieApartAndInsideTheMemory) {
    EXPECT_EQ(queue.descriptor_area(), arch::fake_real_base);
    EXPECT_GE(queue.driver_area() - queue.descriptor_area(), 16u * size);
    EXPECT_GE(queue.device_area() - queue.driver_area(), 6u + 2 * size);
    EXPECT_TRUE(queue.driver_area().aligned(2));
    EXPECT_TRUE(queue.device_area().aligned(4));
    EXPECT_LE(queue.device_area() + 6 + 8 * size, queue.descriptor_area() + SplitQueue::bytes_needed(size));
    EXPECT_EQ(get<std::uint16_t>(queue.driver_area()), 1) << "no interrupts";
}

TEST_F(VirtioQueue, InterruptsWhileTheyAreWanted) {
    queue.want_interrupts(true);
    EXPECT_EQ(get<std::uint16_t>(queue.driver_area()), 0);
    queue.want_interrupts(false);
    EXPECT_EQ(get<std::uint16_t>(queue.driver_area()), 1);
}

TEST_F(VirtioQueue, WritesAChainAsTheSpecificationSays) {
    const auto head = add({{{0x1000}, 12}, {{0x2000}, 34}}, false);
    EXPECT_EQ(avail_index(), 0) << "not shown before publish";
    EXPECT_TRUE(queue.publish());
    EXPECT_EQ(avail_index(), 1);
    EXPECT_EQ(avail(0), head);
    const RealAddr first = queue.descriptor_area() + 16u * head;
    EXPECT_EQ(get<std::uint64_t>(first), 0x1000u);
    EXPECT_EQ(get<std::uint32_t>(first + 8), 12u);
    EXPECT_EQ(get<std::uint16_t>(first + 12), 1);
    const RealAddr second = queue.descriptor_area() + 16u * get<std::uint16_t>(first + 14);
    EXPECT_EQ(get<std::uint64_t>(second), 0x2000u);
    EXPECT_EQ(get<std::uint32_t>(second + 8), 34u);
    EXPECT_EQ(get<std::uint16_t>(second + 12), 0);
    add({{{0x3000}, 99}}, true);
    EXPECT_TRUE(queue.publish());
    EXPECT_EQ(get<std::uint16_t>(queue.descriptor_area() + 16u * avail(1) + 12), 2);
}

TEST_F(VirtioQueue, NotifiesOnlyWhereTheDeviceWantsItAndThereIsNews) {
    EXPECT_FALSE(queue.publish());
    put<std::uint16_t>(queue.device_area(), 1);
    add({{{0x1000}, 1}}, false);
    EXPECT_FALSE(queue.publish());
    put<std::uint16_t>(queue.device_area(), 0);
    add({{{0x1000}, 1}}, false);
    EXPECT_TRUE(queue.publish());
}

TEST_F(VirtioQueue, AFullRingRefusesAndRecovers) {
    for (unsigned i = 0; i < size / 2; ++i)
        add({{{0x1000}, 1}, {{0x2000}, 1}}, false);
    const SplitQueue::Piece one[]{{{0x3000}, 1}};
    EXPECT_EQ(queue.add(one, false), std::nullopt);
    queue.publish();
    give_back(avail(2), 0);
    ASSERT_TRUE(queue.take_used().value().has_value());
    const SplitQueue::Piece three[]{{{1}, 1}, {{2}, 1}, {{3}, 1}};
    EXPECT_EQ(queue.add(three, false), std::nullopt);
    EXPECT_NE(queue.add(one, false), std::nullopt);
}

// Chains of random lengths, given back in random order, until the 16-bit indexes have wrapped more than twice.
TEST_F(VirtioQueue, WrapsAround) {
    std::mt19937 random(1);
    std::deque<std::pair<std::uint16_t, std::uint32_t>> with_driver, with_device;
    unsigned seen = 0, total = 0;
    while (total < 140000) {
        std::vector<SplitQueue::Piece> pieces(1 + random() % 3);
        std::uint32_t bytes = 0;
        for (auto& piece : pieces) {
            piece = {{random() & 0xffff0u}, static_cast<std::uint32_t>(1 + random() % 1000)};
            bytes += piece.length;
        }
        if (const auto head = queue.add(pieces, true))
            with_driver.emplace_back(*head, bytes);
        if (random() % 2 == 0) {
            queue.publish();
            for (; seen != avail_index(); seen = (seen + 1) & 0xffff) {
                ASSERT_EQ(avail(seen), with_driver.front().first);
                with_device.push_back(with_driver.front());
                with_driver.pop_front();
            }
        }
        if (!with_device.empty() && random() % 2 == 0) {
            const auto at = with_device.begin() + random() % with_device.size();
            give_back(at->first, at->second);
            const auto used = queue.take_used();
            ASSERT_TRUE(used.has_value() && used->has_value());
            EXPECT_EQ((*used)->id, at->first);
            EXPECT_EQ((*used)->length, at->second);
            with_device.erase(at);
            ++total;
        }
    }
    EXPECT_FALSE(queue.take_used().value().has_value());
}

TEST_F(VirtioQueue, AnIndexThatJumpsIsAnError) {
    add({{{0x1000}, 1}}, true);
    queue.publish();
    put<std::uint16_t>(queue.device_area() + 2, 2);
    EXPECT_EQ(queue.take_used(), std::unexpected(RingError::index_jumped));
    put<std::uint16_t>(queue.device_area() + 2, 0xffff);
    EXPECT_EQ(queue.take_used(), std::unexpected(RingError::index_jumped));
}

TEST_F(VirtioQueue, UnpublishedBuffersDoNotCountAsTheDevices) {
    add({{{0x1000}, 1}}, true);
    give_back(0, 1);
    EXPECT_EQ(queue.take_used(), std::unexpected(RingError::index_jumped));
}

TEST_F(VirtioQueue, AnIdBeyondTheRingIsAnError) {
    add({{{0x1000}, 1}}, true);
    queue.publish();
    give_back(size, 1);
    EXPECT_EQ(queue.take_used(), std::unexpected(RingError::unknown_buffer));
}

TEST_F(VirtioQueue, AnIdThatIsNoHeadIsAnError) {
    const auto head = add({{{0x1000}, 1}, {{0x2000}, 1}}, true);
    queue.publish();
    give_back(get<std::uint16_t>(queue.descriptor_area() + 16u * head + 14), 1);
    EXPECT_EQ(queue.take_used(), std::unexpected(RingError::unknown_buffer));
}

TEST_F(VirtioQueue, ABufferGivenBackTwiceIsAnError) {
    const auto a = add({{{0x1000}, 1}}, true);
    add({{{0x2000}, 1}}, true);
    queue.publish();
    give_back(a, 1);
    give_back(a, 1);
    EXPECT_TRUE(queue.take_used().value().has_value());
    EXPECT_EQ(queue.take_used(), std::unexpected(RingError::unknown_buffer));
}

TEST_F(VirtioQueue, MoreBytesThanTheBufferHasIsAnError) {
    const auto a = add({{{0x1000}, 100}, {{0x2000}, 28}}, true);
    const auto b = add({{{0x3000}, 128}}, true);
    queue.publish();
    give_back(a, 128);
    EXPECT_EQ(queue.take_used().value().value().length, 128u);
    give_back(b, 129);
    EXPECT_EQ(queue.take_used(), std::unexpected(RingError::bad_length));
}

TEST_F(VirtioQueue, WhatTheDeviceSaysAboutABufferItReadsDoesNotMatter) {
    const auto a = add({{{0x1000}, 4}}, false);
    queue.publish();
    give_back(a, 0xffffffff);
    EXPECT_EQ(queue.take_used().value().value().length, 0u);
}

// The driver believes its own memory: descriptors that the device scribbled on change nothing.
TEST_F(VirtioQueue, ScribbledDescriptorsDoNotConfuseTheDriver) {
    const auto a = add({{{0x1000}, 1}, {{0x2000}, 1}}, true);
    queue.publish();
    std::memset(arch::real_pointer(queue.descriptor_area()), 0xff, 16u * size);
    give_back(a, 2);
    ASSERT_TRUE(queue.take_used().value().has_value());
    for (unsigned i = 0; i < size; ++i)
        add({{{0x1000}, 1}}, true);
    const SplitQueue::Piece one[]{{{0x1000}, 1}};
    EXPECT_EQ(queue.add(one, true), std::nullopt);
}

} // namespace
} // namespace transom::net::virtio

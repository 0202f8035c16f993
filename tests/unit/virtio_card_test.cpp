// SPDX-License-Identifier: Apache-2.0
#include "model_virtio_net.hpp"
#include <gmock/gmock.h>

namespace transom::net::virtio {
namespace {

using testing::ElementsAre;

struct VirtioCard : testing::Test {
    static constexpr NetworkCard::Shape shape{.receive_buffers = 4, .send_descriptors = 8, .mtu = 9000};
    arch::FakeMachine machine{mib(8)};
    ModelVirtioNet model;
    pci::Devices found;
    NetworkCard card;

    pci::Device device() {
        found.clear();
        pci::scan(model.host_bridge(), found);
        return found[0];
    }
    std::span<std::byte> memory() { return {arch::real_pointer(arch::fake_real_base), mib(1)}; }
    void start() {
        ASSERT_TRUE(card.probe(device()).has_value());
        ASSERT_TRUE(card.start(memory(), shape, false).has_value());
    }
    std::expected<void, SetupError> probe() { return card.probe(device()); }
    /// A frame to send, at some place of the fake memory beyond the card's.
    SplitQueue::Piece piece(std::size_t offset, std::string_view text) {
        const RealAddr at = arch::fake_real_base + mib(2) + offset;
        std::memcpy(arch::real_pointer(at), text.data(), text.size());
        return {at, static_cast<std::uint32_t>(text.size())};
    }
    static std::string text(std::span<const std::byte> bytes) {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    static std::vector<std::byte> frame(std::size_t length, char fill) {
        return std::vector<std::byte>(length, static_cast<std::byte>(fill));
    }
};

TEST_F(VirtioCard, ComesUp) {
    start();
    EXPECT_THAT(card.mac(), ElementsAre(0x52, 0x54, 0x00, 0x77, 0x00, 0x01));
    EXPECT_EQ(card.device_mtu(), 9000);
    EXPECT_EQ(model.accepted, ModelVirtioNet::version_1 | 1 << 5 | 1 << 3) << "what it needs and no more";
    EXPECT_EQ(model.status, 0xf);
    EXPECT_EQ(model.queues[0].enabled, 1);
    EXPECT_EQ(model.queues[0].size, 4);
    EXPECT_EQ(model.queues[1].size, 8);
    EXPECT_EQ(card.posted(), 4);
    EXPECT_EQ(model.queues[0].notifications, 1u);
}

TEST_F(VirtioCard, WithoutMtuFeatureThereIsNone) {
    model.offered &= ~std::uint64_t{1 << 3};
    start();
    EXPECT_EQ(card.device_mtu(), std::nullopt);
}

TEST_F(VirtioCard, RefusesOddDevices) {
    model.offered &= ~ModelVirtioNet::version_1;
    EXPECT_EQ(probe(), std::unexpected(SetupError::features_refused));
    model.offered |= ModelVirtioNet::version_1;
    model.accepts_features = false;
    EXPECT_EQ(probe(), std::unexpected(SetupError::features_refused));
    model.accepts_features = true;
    model.stuck_in_reset = true;
    EXPECT_EQ(probe(), std::unexpected(SetupError::no_reset));
}

TEST_F(VirtioCard, RefusesOddCapabilities) {
    model.card_[0x44] = 7; // no such BAR
    EXPECT_EQ(probe(), std::unexpected(SetupError::registers_missing));
    model.capability(0x40, 0x50, 1, 4, 0x3fff, 0x1000, 0); // beyond the BAR
    EXPECT_EQ(probe(), std::unexpected(SetupError::registers_missing));
    model.capability(0x40, 0x50, 1, 4, 0, 0x20, 0); // too small for the registers
    EXPECT_EQ(probe(), std::unexpected(SetupError::registers_missing));
    model.capability(0x40, 0x50, 1, 4, 0, 0x1000, 0);
    EXPECT_TRUE(probe().has_value());
    model.card_[0x34] = 0;
    EXPECT_EQ(probe(), std::unexpected(SetupError::not_virtio_1));
}

TEST_F(VirtioCard, ANotifyOffsetOutsideItsRegistersIsRefused) {
    model.capability(0x70, 0x00, 2, 4, 0x3000, 0x1000, 0x10000);
    ASSERT_TRUE(probe().has_value());
    EXPECT_EQ(card.start(memory(), shape, false), std::unexpected(SetupError::registers_missing));
}

TEST_F(VirtioCard, SmallQueuesAreRefused) {
    ASSERT_TRUE(probe().has_value());
    model.queues[1].size = 4;
    EXPECT_EQ(card.start(memory(), shape, false), std::unexpected(SetupError::queue_missing));
}

TEST_F(VirtioCard, SendsFramesOfSeveralPieces) {
    start();
    std::vector<std::string> wire;
    model.on_send = [&](auto bytes) { wire.push_back(text(bytes)); };
    const SplitQueue::Piece a[]{piece(0, "first "), piece(100, "frame")};
    const SplitQueue::Piece b[]{piece(200, "second")};
    const auto id_a = card.send(a);
    const auto id_b = card.send(b);
    ASSERT_TRUE(id_a && id_b);
    card.flush();
    EXPECT_EQ(model.queues[1].notifications, 1u);
    EXPECT_EQ(card.take_sent().value(), std::nullopt);
    model.run_send();
    EXPECT_THAT(wire, ElementsAre("first frame", "second"));
    EXPECT_EQ(card.take_sent().value(), id_a);
    EXPECT_EQ(card.take_sent().value(), id_b);
}

TEST_F(VirtioCard, InterruptsForWhatItReceivesWhileThatIsWanted) {
    ModelMessages messages;
    model.messages = &messages;
    const pci::Device found_device = device();
    ASSERT_TRUE(card.probe(found_device).has_value());
    ASSERT_TRUE(card.start(memory(), shape, pci::enable_interrupt(found_device)).has_value());
    EXPECT_TRUE(card.interrupts());
    EXPECT_EQ(model.queues[0].vector, 0);
    EXPECT_EQ(model.queues[1].vector, ModelVirtioNet::no_vector);
    EXPECT_TRUE(model.deliver(frame(60, 'a')));
    EXPECT_EQ(model.interrupts, 0u) << "not wanted yet";
    card.want_interrupts(true);
    EXPECT_TRUE(model.deliver(frame(60, 'b')));
    EXPECT_EQ(model.interrupts, 1u);
    const SplitQueue::Piece one[]{piece(0, "x")};
    EXPECT_TRUE(card.send(one).has_value());
    card.flush();
    model.run_send();
    EXPECT_EQ(model.interrupts, 1u) << "nobody waits for what was sent";
    card.want_interrupts(false);
    EXPECT_TRUE(model.deliver(frame(60, 'c')));
    EXPECT_EQ(model.interrupts, 1u);
}

TEST_F(VirtioCard, WithoutAVectorItDoesNotInterrupt) {
    start();
    EXPECT_FALSE(card.interrupts());
    EXPECT_EQ(model.queues[0].vector, ModelVirtioNet::no_vector);
    model.accepts_vectors = false;
    ASSERT_TRUE(probe().has_value());
    ASSERT_TRUE(card.start(memory(), shape, true).has_value());
    EXPECT_FALSE(card.interrupts()) << "the device has no resources for it";
}

TEST_F(VirtioCard, AFullSendRingRefuses) {
    start();
    const SplitQueue::Piece one[]{piece(0, "x")};
    for (unsigned i = 0; i < 4; ++i)
        EXPECT_TRUE(card.send(one).has_value());
    EXPECT_FALSE(card.send(one).has_value());
    card.flush();
    model.run_send();
    ASSERT_TRUE(card.take_sent().value().has_value());
    EXPECT_TRUE(card.send(one).has_value());
}

TEST_F(VirtioCard, ReceivesUntilTheBuffersAreGone) {
    start();
    for (char c = 'a'; c < 'e'; ++c)
        EXPECT_TRUE(model.deliver(frame(9014, c)));
    EXPECT_FALSE(model.deliver(frame(60, 'e')));
    std::vector<std::uint16_t> held;
    for (char c = 'a'; c < 'e'; ++c) {
        const auto got = card.receive().value();
        ASSERT_TRUE(got.has_value());
        EXPECT_EQ(got->bytes.size(), 9014u);
        EXPECT_EQ(got->bytes.back(), static_cast<std::byte>(c));
        held.push_back(got->buffer);
    }
    EXPECT_EQ(card.receive().value(), std::nullopt);
    EXPECT_EQ(card.posted(), 0);
    card.recycle(held[2]);
    card.flush();
    EXPECT_TRUE(model.deliver(frame(60, 'f')));
    const auto again = card.receive().value();
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->buffer, held[2]);
    EXPECT_EQ(again->bytes.front(), std::byte{'f'});
}

TEST_F(VirtioCard, AFrameWithoutAnEthernetHeaderHasNoBytes) {
    start();
    model.give_back(0, model.take(0).head, 25);
    const auto got = card.receive().value();
    ASSERT_TRUE(got.has_value());
    EXPECT_TRUE(got->bytes.empty());
}

TEST_F(VirtioCard, ALengthBeyondTheBufferIsAnError) {
    start();
    model.give_back(0, model.take(0).head, 20000);
    EXPECT_EQ(card.receive().error(), RingError::bad_length);
}

TEST_F(VirtioCard, ManyFramesKeepTheirContents) {
    start();
    unsigned sent = 0;
    model.on_send = [&](auto bytes) { sent += bytes.size() == 3; };
    const SplitQueue::Piece one[]{piece(0, "abc")};
    for (unsigned i = 0; i < 70000; ++i) {
        ASSERT_TRUE(card.send(one).has_value());
        ASSERT_TRUE(model.deliver(frame(64 + i % 1000, static_cast<char>(i))));
        const auto got = card.receive().value();
        ASSERT_TRUE(got.has_value());
        ASSERT_EQ(got->bytes.size(), 64 + i % 1000);
        ASSERT_EQ(got->bytes[63], static_cast<std::byte>(i));
        card.recycle(got->buffer);
        card.flush();
        model.run_send();
        ASSERT_TRUE(card.take_sent().value().has_value());
    }
    EXPECT_EQ(sent, 70000u);
}

} // namespace
} // namespace transom::net::virtio

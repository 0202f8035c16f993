// SPDX-License-Identifier: Apache-2.0
#include "model_virtio_net.hpp"
#include <gmock/gmock.h>

namespace transom::pci {
namespace {

struct PciBus : testing::Test {
    arch::FakeMachine machine{mib(1)};
    ModelVirtioNet model;
    Devices found;
};

TEST_F(PciBus, FindsTheCardBehindTheBridgeAndAssignsItsMemory) {
    scan(model.host_bridge(), found);
    ASSERT_EQ(found.size(), 1u);
    const Device& card = found[0];
    EXPECT_EQ(card.function, (Function{1, 0, 0}));
    EXPECT_EQ(card.vendor, 0x1af4);
    EXPECT_EQ(card.id, 0x1041);
    EXPECT_TRUE(card.bars[0].empty()) << "an I/O BAR gets nothing";
    EXPECT_EQ(card.bars[1].size, 0x1000u);
    EXPECT_EQ(card.bars[4].size, ModelVirtioNet::bar_size);
    EXPECT_FALSE(card.bars[1].overlaps(card.bars[4]));
    for (const unsigned bar : {1u, 4u}) {
        EXPECT_TRUE((RealRange{ModelVirtioNet::window_real, ModelVirtioNet::window_size})
                        .contains(card.bars[bar].begin, card.bars[bar].size));
        EXPECT_TRUE(card.bars[bar].begin.aligned(card.bars[bar].size));
    }
    // The registers answer: bridge window, BAR and command agree with what was reported.
    EXPECT_EQ(arch::mmio_load<std::uint16_t>(card.bars[4].begin + 0x12), 2);
}

TEST_F(PciBus, AWindowThatIsTooSmallLeavesTheBarEmpty) {
    HostBridge bridge = model.host_bridge();
    bridge.window.size = 0x2000;
    scan(bridge, found);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].bars[1].size, 0x1000u);
    EXPECT_TRUE(found[0].bars[4].empty());
}

TEST_F(PciBus, ABridgeThatPointsBackIsNotFollowed) {
    model.bridge_[0x19] = 0;
    scan(model.host_bridge(), found);
    EXPECT_TRUE(found.empty());
}

TEST_F(PciBus, BusMasteringOnlyWithADriver) {
    scan(model.host_bridge(), found);
    EXPECT_EQ(model.card_[4] & 4, 0);
    enable_bus_master(found[0]);
    EXPECT_EQ(model.card_[4] & 6, 6);
}

TEST_F(PciBus, ADeviceGetsAnInterruptOfItsHostBridge) {
    ModelMessages messages;
    model.messages = &messages;
    scan(model.host_bridge(), found);
    model.card_[ModelVirtioNet::msi_x + 3] = 0x40; // all masked
    EXPECT_TRUE(enable_interrupt(found[0]));
    EXPECT_THAT(messages.asked_by, testing::ElementsAre(Function{1, 0, 0}));
    EXPECT_THAT(model.vector_0, testing::ElementsAre(0x30u, 0x1000'0000u, 5u, 0u));
    EXPECT_EQ(model.card_[ModelVirtioNet::msi_x + 3], 0x80) << "on, nothing masked";
    EXPECT_EQ(model.card_[ModelVirtioNet::msi_x + 2], 3);
}

TEST_F(PciBus, WithoutAMessageOrATableThereIsNoInterrupt) {
    scan(model.host_bridge(), found);
    EXPECT_FALSE(enable_interrupt(found[0])) << "the host bridge has none";
    ModelMessages messages;
    found[0].messages = &messages;
    model.card_[ModelVirtioNet::msi_x + 4] = 2;
    EXPECT_FALSE(enable_interrupt(found[0])) << "BAR 2 is not there";
    model.card_[ModelVirtioNet::msi_x + 4] = 7;
    EXPECT_FALSE(enable_interrupt(found[0])) << "no BAR has that number";
    model.card_[ModelVirtioNet::msi_x + 4] = 1;
    model.card_[ModelVirtioNet::msi_x + 5] = 0x10;
    EXPECT_FALSE(enable_interrupt(found[0])) << "behind the end of BAR 1";
    EXPECT_TRUE(messages.asked_by.empty());
    model.card_[ModelVirtioNet::msi_x + 5] = 0;
    messages.message.reset();
    EXPECT_FALSE(enable_interrupt(found[0]));
    EXPECT_EQ(messages.asked_by.size(), 1u);
    model.card_[ModelVirtioNet::msi_x] = 5;
    EXPECT_FALSE(enable_interrupt(found[0])) << "no such capability";
    EXPECT_EQ(model.card_[ModelVirtioNet::msi_x + 3], 0);
}

TEST_F(PciBus, ACapabilityListThatLoopsEnds) {
    scan(model.host_bridge(), found);
    EXPECT_EQ(capabilities(found[0], 9).size(), 4u);
    model.card_[0x71] = 0x40;
    EXPECT_LE(capabilities(found[0], 9).size(), 48u);
    model.card_[0x41] = 0x10; // into the header
    EXPECT_EQ(capabilities(found[0], 9).size(), 1u);
}

} // namespace
} // namespace transom::pci

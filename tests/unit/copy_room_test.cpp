// SPDX-License-Identifier: Apache-2.0
#include "twin_machine.hpp"

#include <transom/migrate/copy_room.hpp>

namespace transom::migrate {
namespace {

class CopyRoomTest : public testing::Test {
  protected:
    arch::FakeMachine machine{twin_size};
    TwinMemory memory{arch::fake_real_base};
    CopyRoom room{memory.frames};
    Bytes free = memory.frames.available();
};

TEST_F(CopyRoomTest, IsAShareOfThePartition) {
    EXPECT_EQ(room.begin(mib(16)).size(), mib(1)) << "at least";
    EXPECT_EQ(room.begin(mib(80)).size(), mib(5));
    EXPECT_EQ(memory.frames.available(), free - mib(5)) << "the one before is given back";
    room.end();
    EXPECT_EQ(memory.frames.available(), free);
    room.end();
}

TEST_F(CopyRoomTest, IsScrubbedAsAllThatIsGivenBack) {
    const auto bytes = room.begin(mib(16));
    std::ranges::fill(bytes, std::byte{0x5e});
    room.end();
    while (memory.frames.scrub_one()) {}
    EXPECT_TRUE(std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; }));
}

TEST_F(CopyRoomTest, IsNotThereWhereMemoryIsShort) {
    EXPECT_TRUE(room.begin(gib(64)).empty()) << "16 MiB of 64";
    EXPECT_EQ(memory.frames.available(), free);
    while (memory.frames.available() > mib(7))
        ASSERT_TRUE(memory.frames.allocate(mib(1), mib(1), FrameState::hypervisor));
    EXPECT_TRUE(room.begin(mib(16)).empty());
}

} // namespace
} // namespace transom::migrate

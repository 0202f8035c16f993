// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <gmock/gmock.h>
#include <transom/base/big_endian.hpp>
#include <transom/memory/logical_memory.hpp>
#include <utility>
#include <vector>

namespace transom::memory {
namespace {

/// Two blocks, the second lower in real memory than the first, and a third block of the machine that is not the
/// partition's.
class LogicalMemoryTest : public testing::Test {
  protected:
    LogicalMemoryTest() : machine_(3 * block_size) {
        EXPECT_TRUE(memory_.add_block(arch::fake_real_base + 2 * block_size));
        EXPECT_TRUE(memory_.add_block(arch::fake_real_base));
    }

    static constexpr LogicalAddr seam{block_size};
    static constexpr auto outside = std::unexpected(AccessError::outside);
    static constexpr auto missing = std::unexpected(AccessError::missing);

    arch::FakeMachine machine_;
    LogicalMemory memory_;
};
using LogicalMemoryDeathTest = LogicalMemoryTest;

TEST_F(LogicalMemoryTest, TranslatesWithinOneBlock) {
    EXPECT_EQ(memory_.translate({0}), arch::fake_real_base + 2 * block_size);
    EXPECT_EQ(memory_.translate({0x123}, 8), arch::fake_real_base + 2 * block_size + 0x123);
    EXPECT_EQ(memory_.translate(seam, block_size), arch::fake_real_base);
    EXPECT_EQ(memory_.translate(seam - 1, 2), std::nullopt) << "two blocks are not contiguous";
    EXPECT_EQ(memory_.translate({2 * block_size}), std::nullopt);
    EXPECT_EQ(memory_.translate({2 * block_size - 1}, 2), std::nullopt);
    EXPECT_EQ(memory_.translate({~std::uint64_t{0}}, 2), std::nullopt);
    EXPECT_EQ(memory_.translate({8}, ~std::uint64_t{0}), std::nullopt);
    EXPECT_EQ(memory_.translate({8}, 0), std::nullopt);
}

TEST_F(LogicalMemoryTest, CopiesAcrossBlocksAtAnyAlignment) {
    std::vector<std::byte> out(4099), in(out.size());
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::byte>(i * 7 + 1);
    ASSERT_TRUE(memory_.write(seam - 1025, out));
    ASSERT_TRUE(memory_.read(seam - 1025, in));
    EXPECT_EQ(in, out);
    EXPECT_EQ(*arch::real_pointer(arch::fake_real_base + 3 * block_size - 1), out[1024]);
    EXPECT_EQ(*arch::real_pointer(arch::fake_real_base), out[1025]);
    EXPECT_EQ(*arch::real_pointer(arch::fake_real_base + block_size), std::byte{0}) << "not the partition's";

    ASSERT_TRUE(memory_.clear(seam - 2, 4));
    ASSERT_TRUE(memory_.read(seam - 3, std::span(in).first(6)));
    EXPECT_THAT(std::span(in).first(6),
                testing::ElementsAre(out[1022], std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, out[1027]));
}

TEST_F(LogicalMemoryTest, RefusesWhatIsNotAllInsideAndTouchesNothing) {
    std::array<std::byte, 16> data;
    data.fill(std::byte{0xee});
    EXPECT_EQ(memory_.write({2 * block_size - 8}, data), outside);
    EXPECT_EQ(memory_.clear({2 * block_size - 8}, 16), outside);
    EXPECT_EQ(memory_.clear({16}, ~std::uint64_t{0}), outside);
    EXPECT_EQ(memory_.read({2 * block_size - 8}, data), outside);
    EXPECT_EQ(memory_.read({~std::uint64_t{0} - 7}, data), outside);
    EXPECT_EQ(data[0], std::byte{0xee});
    EXPECT_EQ(memory_.load<std::uint64_t>({2 * block_size - 8}), 0u) << "the refused write left no trace";
    EXPECT_TRUE(memory_.read({2 * block_size}, {})) << "nothing, at the end, is inside";
    EXPECT_EQ(memory_.read({2 * block_size + 1}, {}), outside);
}

TEST_F(LogicalMemoryTest, LoadsAndStoresObjects) {
    ASSERT_TRUE(memory_.store({0x1000}, Be<std::uint32_t>(0x01020304)));
    EXPECT_EQ(memory_.load<std::uint8_t>({0x1000}), 1);
    EXPECT_EQ(memory_.load<Be<std::uint32_t>>({0x1000}).value(), 0x01020304u);
    EXPECT_EQ(memory_.load<Be<std::uint64_t>>({2 * block_size - 4}).error(), AccessError::outside);
}

TEST_F(LogicalMemoryTest, AnswersMissingWhereAnyGranuleIsNotHere) {
    std::vector<std::uint64_t> present(2 * block_size / kib(64) / 64, ~std::uint64_t{0});
    present[0] &= ~(std::uint64_t{1} << 3); // [0x30000, 0x40000)
    memory_.limit_to_present(present, kib(64));
    std::array<std::byte, 16> data;
    data.fill(std::byte{0xee});
    EXPECT_TRUE(memory_.write({0x30000 - 16}, data));
    EXPECT_EQ(memory_.write({0x30000 - 15}, data), missing);
    EXPECT_EQ(memory_.read({0x30000 - 15}, data), missing);
    EXPECT_EQ(memory_.clear({0x30000 - 16}, kib(128)), missing);
    EXPECT_EQ(memory_.load<std::uint8_t>({0x3ffff}), missing);
    EXPECT_EQ(memory_.load<std::uint8_t>({0x30000 - 1}), 0xee) << "the refused ones wrote nothing";
    EXPECT_TRUE(memory_.read({0x40000}, data));
    EXPECT_TRUE(memory_.read({0x38000}, {}));
    EXPECT_TRUE(memory_.translate({0x38000})) << "where it will be is known";
    EXPECT_EQ(memory_.read({2 * block_size}, data), outside) << "outside is said first";
    memory_.lift_limit();
    EXPECT_TRUE(memory_.read({0x38000}, data));
}

// No call of a turn fails half way: what it could access when the turn began it can until the turn is over.
TEST_F(LogicalMemoryTest, AClosedBlockIsClosedForTurnsThatBeginLater) {
    std::array<std::byte, 16> data{};
    memory_.begin_turn();
    memory_.close(1);
    EXPECT_TRUE(memory_.write(seam, data)) << "the turn began before";
    EXPECT_FALSE(memory_.here(seam)) << "for whose turn begins now";
    EXPECT_EQ(memory_.first_missing({0}, 2 * block_size), seam);
    memory_.begin_turn();
    EXPECT_EQ(memory_.write(seam + 8, data), missing);
    EXPECT_EQ(memory_.missed(), seam + 8);
    EXPECT_EQ(memory_.read(seam - 8, data), missing) << "half of it";
    EXPECT_EQ(memory_.missed(), seam);
    EXPECT_TRUE(memory_.read({0}, data));
    EXPECT_EQ(memory_.translate(seam), arch::fake_real_base);

    memory_.move_block(1, arch::fake_real_base + block_size);
    memory_.open();
    EXPECT_TRUE(memory_.here(seam));
    EXPECT_TRUE(memory_.read(seam, data));
    EXPECT_EQ(memory_.translate(seam), arch::fake_real_base + block_size);
    memory_.close(0);
    EXPECT_TRUE(memory_.read({0}, data)) << "another closing";
}

TEST_F(LogicalMemoryDeathTest, OnlyAClosedBlockMovesAndOneAtATime) {
    EXPECT_DEATH(memory_.move_block(1, arch::fake_real_base + block_size), "moves that is open");
    memory_.close(0);
    EXPECT_DEATH(memory_.move_block(1, arch::fake_real_base + block_size), "moves that is open");
    EXPECT_DEATH(memory_.close(1), "closed at once");
    EXPECT_DEATH(memory_.close(2), "no such memory block");
}

struct RecordedWrites final : WriteWatch {
    void written(LogicalAddr from, Bytes size) override {
        seen.emplace_back(from, size);
        contents = static_cast<unsigned>(*memory->load<std::uint8_t>(from));
    }
    const LogicalMemory* memory = nullptr;
    std::vector<std::pair<LogicalAddr, Bytes>> seen;
    unsigned contents = 0;
};

// P5: each write, once, with what was really written, and after it.
TEST_F(LogicalMemoryTest, P5_TellsWhoWatchesOfEachWrite) {
    RecordedWrites watch;
    watch.memory = &memory_;
    memory_.watch_writes(&watch);
    std::array<std::byte, 2> two{std::byte{7}, std::byte{8}};
    ASSERT_TRUE(memory_.write(seam - 1, two));
    EXPECT_EQ(watch.contents, 7u);
    ASSERT_TRUE(memory_.store({0x1000}, Be<std::uint64_t>(~std::uint64_t{0})));
    EXPECT_EQ(watch.contents, 255u);
    ASSERT_TRUE(memory_.clear({0x1001}, kib(8)));
    EXPECT_EQ(watch.contents, 0u);
    EXPECT_THAT(watch.seen,
                testing::ElementsAre(std::pair{seam - 1, Bytes{2}}, std::pair{LogicalAddr{0x1000}, Bytes{8}},
                                     std::pair{LogicalAddr{0x1001}, kib(8)}));
    memory_.watch_writes(nullptr);
    ASSERT_TRUE(memory_.write({0}, two));
    EXPECT_EQ(watch.seen.size(), 3u);
}

TEST_F(LogicalMemoryTest, TellsOfNothingWhereNothingWasWritten) {
    RecordedWrites watch;
    watch.memory = &memory_;
    memory_.watch_writes(&watch);
    std::array<std::byte, 2> two{};
    ASSERT_TRUE(memory_.read({0}, two));
    ASSERT_TRUE(memory_.write({0}, {}));
    ASSERT_TRUE(memory_.clear({0}, 0));
    EXPECT_EQ(memory_.write({2 * block_size - 1}, two), outside);
    memory_.inject_missing(1);
    EXPECT_EQ(memory_.clear({0}, 8), missing);
    EXPECT_TRUE(watch.seen.empty());
}

TEST_F(LogicalMemoryTest, InjectsMissingAtTheAccessThatATestNames) {
    memory_.inject_missing(2);
    EXPECT_TRUE(memory_.load<std::uint8_t>({0}));
    EXPECT_EQ(memory_.clear({0}, 8), missing);
    EXPECT_TRUE(memory_.clear({0}, 8));
}

TEST_F(LogicalMemoryTest, HoldsAtMostMaxBlocks) {
    LogicalMemory memory;
    for (std::size_t i = 0; i < max_blocks; ++i)
        ASSERT_TRUE(memory.add_block(RealAddr{i * block_size}));
    EXPECT_FALSE(memory.add_block(RealAddr{0}));
    EXPECT_EQ(memory.size(), gib(64));
    memory.reset();
    EXPECT_EQ(memory.size(), 0u);
    EXPECT_EQ(memory.translate({0}), std::nullopt);
}

TEST_F(LogicalMemoryDeathTest, PanicsOnOurOwnMistakes) {
    EXPECT_DEATH((void)memory_.add_block(RealAddr{block_size / 2}), "not aligned");
    EXPECT_DEATH((void)memory_.block(2), "no such memory block");
    std::vector<std::uint64_t> small(1);
    EXPECT_DEATH(memory_.limit_to_present(small, kib(64)), "too small");
    EXPECT_DEATH(memory_.limit_to_present(small, 3), "power of two");
}

} // namespace
} // namespace transom::memory

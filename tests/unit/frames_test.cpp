// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <gmock/gmock.h>
#include <transom/memory/frames.hpp>
#include <vector>

namespace transom::memory {
namespace {

using arch::fake_real_base;

class FramesTest : public testing::Test {
  protected:
    static constexpr Bytes memory_size = mib(2);

    FramesTest()
        : machine_(memory_size), states_((fake_real_base.value + memory_size) / frame_size), frames_(states_) {}

    bool is_zero(RealAddr begin, Bytes size) {
        const std::byte* p = arch::real_pointer(begin);
        return std::all_of(p, p + size, [](std::byte b) { return b == std::byte{0}; });
    }
    RealAddr frame(std::uint64_t n) { return fake_real_base + n * frame_size; }
    FrameState state(RealAddr address) const {
        constexpr unsigned not_zero = 0x80; // which the table says of each frame, too
        const std::uint64_t index = address.value / frame_size;
        return index < states_.size() ? static_cast<FrameState>(static_cast<unsigned>(states_[index]) & ~not_zero)
                                      : FrameState::absent;
    }

    arch::FakeMachine machine_;
    std::vector<FrameState> states_;
    Frames frames_;
};
using FramesDeathTest = FramesTest;

TEST_F(FramesTest, KnowsNoMemoryUntilItIsAdded) {
    EXPECT_EQ(frames_.total(FrameState::absent), states_.size() * frame_size);
    EXPECT_EQ(frames_.allocate(frame_size, frame_size, FrameState::hypervisor), std::unexpected(FrameError::none_left));
}

TEST_F(FramesTest, AddsOnlyWholeFrames) {
    frames_.add({fake_real_base + 1, 3 * frame_size});
    EXPECT_EQ(state(frame(0)), FrameState::absent);
    EXPECT_EQ(state(frame(1)), FrameState::free);
    EXPECT_EQ(state(frame(2)), FrameState::free);
    EXPECT_EQ(state(frame(3)), FrameState::absent);
    EXPECT_EQ(frames_.total(FrameState::free), 2 * frame_size);
}

TEST_F(FramesTest, TakesFromARangeAndCountsWhatIsFreeThere) {
    frames_.add({fake_real_base, memory_size});
    constexpr Bytes piece = 4 * frame_size;
    const RealRange upper{frame(16), 16 * frame_size};
    EXPECT_EQ(frames_.count_free(piece, upper), 4u);
    const auto take = [&](RealRange within) {
        return frames_.allocate(piece, piece, FrameState::partition, Contents::zero, within);
    };
    EXPECT_EQ(take(upper), frame(16));
    EXPECT_EQ(take({frame(17), 8 * frame_size}), frame(20)) << "all of it lies in the range";
    EXPECT_EQ(take({frame(21), 6 * frame_size}), std::unexpected(FrameError::none_left));
    EXPECT_EQ(frames_.count_free(piece, upper), 2u);
    EXPECT_EQ(frames_.count_free(piece, {frame(25), 7 * frame_size}), 1u);
    EXPECT_EQ(take(Frames::everywhere), frame(0));
    EXPECT_EQ(frames_.count_free(piece, {fake_real_base, ~Bytes{0}}), 5u);
}

TEST_F(FramesTest, AddsNothingThatItsTableDoesNotReach) {
    frames_.add({fake_real_base, memory_size + gib(1)});
    EXPECT_EQ(frames_.total(FrameState::free), memory_size);
    EXPECT_EQ(state(fake_real_base + memory_size), FrameState::absent);
    frames_.add({fake_real_base + 10 * memory_size, memory_size});
    EXPECT_EQ(frames_.total(FrameState::free), memory_size);
}

TEST_F(FramesTest, ReservesEveryFrameThatIsTouched) {
    frames_.add(machine_.memory());
    frames_.reserve({frame(1) + (frame_size - 1), 2}, FrameState::hypervisor);
    EXPECT_EQ(state(frame(0)), FrameState::free);
    EXPECT_EQ(state(frame(1)), FrameState::hypervisor);
    EXPECT_EQ(state(frame(2)), FrameState::hypervisor);
    EXPECT_EQ(state(frame(3)), FrameState::free);
    frames_.reserve({frame(5), 0}, FrameState::hypervisor);
    EXPECT_EQ(state(frame(5)), FrameState::free);
}

TEST_F(FramesTest, LeavesAbsentAndReservedFramesAsTheyAre) {
    frames_.add({fake_real_base, 4 * frame_size});
    frames_.reserve({frame(2), frame_size}, FrameState::absent);
    frames_.reserve({frame(1), memory_size}, FrameState::hypervisor);
    EXPECT_EQ(state(frame(1)), FrameState::hypervisor);
    EXPECT_EQ(state(frame(2)), FrameState::absent);
    EXPECT_EQ(state(frame(4)), FrameState::absent);
}

TEST_F(FramesTest, GivesTheLowestAlignedRunAndZeroesIt) {
    std::ranges::fill(machine_.memory_, std::byte{0x5a});
    frames_.add(machine_.memory());
    frames_.reserve({frame(0), 1}, FrameState::hypervisor);
    const auto block = frames_.allocate(2 * frame_size, 4 * frame_size, FrameState::partition);
    ASSERT_EQ(block, frame(4));
    EXPECT_TRUE(is_zero(*block, 2 * frame_size));
    EXPECT_EQ(*arch::real_pointer(frame(6)), std::byte{0x5a}) << "only what was asked for is zeroed";
    EXPECT_EQ(state(frame(5)), FrameState::partition);
    EXPECT_EQ(frames_.allocate(frame_size, frame_size, FrameState::page_table), frame(1));
    EXPECT_EQ(frames_.allocate(3 * frame_size, frame_size, FrameState::page_table), frame(6))
        << "two frames are free before it, and three are not";
}

TEST_F(FramesTest, RefusesWhatDoesNotFit) {
    frames_.add(machine_.memory());
    const auto none = std::unexpected(FrameError::none_left);
    EXPECT_EQ(frames_.allocate(memory_size + frame_size, frame_size, FrameState::partition), none);
    EXPECT_EQ(frames_.allocate(Bytes{1} << 63, frame_size, FrameState::partition), none);
    EXPECT_EQ(frames_.allocate(frame_size, gib(4), FrameState::partition), none) << "no such alignment in memory";
    EXPECT_EQ(frames_.total(FrameState::free), memory_size) << "a refusal takes nothing";
    EXPECT_EQ(frames_.allocate(memory_size, frame_size, FrameState::partition), fake_real_base);
    EXPECT_EQ(frames_.allocate(frame_size, frame_size, FrameState::partition), none);
}

TEST_F(FramesTest, WhatIsGivenBackIsFreeOnceItIsScrubbed) {
    frames_.add(machine_.memory());
    const auto secret = frames_.allocate(2 * frame_size, frame_size, FrameState::partition);
    ASSERT_TRUE(secret);
    std::fill_n(arch::real_pointer(*secret), 2 * frame_size, std::byte{0xaa});
    frames_.release({*secret, 2 * frame_size}, FrameState::partition);
    EXPECT_EQ(state(*secret), FrameState::dirty);
    EXPECT_EQ(frames_.total(FrameState::dirty), 2 * frame_size);
    EXPECT_EQ(frames_.total(FrameState::free), memory_size - 2 * frame_size);
    EXPECT_EQ(frames_.available(), memory_size);
    EXPECT_TRUE(frames_.scrub_one());
    EXPECT_EQ(frames_.total(FrameState::free), memory_size - frame_size);
    EXPECT_TRUE(is_zero(*secret, frame_size));
    EXPECT_FALSE(is_zero(*secret, 2 * frame_size));
    EXPECT_TRUE(frames_.scrub_one());
    EXPECT_FALSE(frames_.scrub_one());
    EXPECT_TRUE(is_zero(*secret, 2 * frame_size));
    EXPECT_EQ(frames_.total(FrameState::free), memory_size);
}

TEST_F(FramesTest, WhatIsDirtyGoesToWhoeverScrubsItFirst) {
    frames_.add(machine_.memory());
    const RealRange all = machine_.memory();
    ASSERT_TRUE(frames_.allocate(all.size, frame_size, FrameState::partition));
    std::ranges::fill(machine_.memory_, std::byte{0xaa});
    frames_.release(all, FrameState::partition);
    const auto at_once = frames_.allocate(frame_size, frame_size, FrameState::hypervisor);
    ASSERT_EQ(at_once, frame(0));
    EXPECT_TRUE(is_zero(*at_once, frame_size));
    const auto later = frames_.allocate(2 * frame_size, frame_size, FrameState::partition, Contents::any);
    ASSERT_EQ(later, frame(1));
    EXPECT_FALSE(frames_.is_zeroed({frame(1), 2 * frame_size}));
    EXPECT_EQ(*arch::real_pointer(*later), std::byte{0xaa}) << "nothing is done that takes long";
    EXPECT_EQ(frames_.total(FrameState::dirty), memory_size - 3 * frame_size);
    frames_.zero({frame(2), frame_size});
    EXPECT_FALSE(frames_.is_zeroed({frame(1), 2 * frame_size}));
    frames_.zero({frame(1), 2 * frame_size});
    EXPECT_TRUE(frames_.is_zeroed({frame(1), 2 * frame_size}));
    EXPECT_TRUE(is_zero(frame(1), 2 * frame_size));
    *arch::real_pointer(frame(1)) = std::byte{0xbb};
    frames_.zero({frame(1), 2 * frame_size});
    EXPECT_EQ(*arch::real_pointer(frame(1)), std::byte{0xbb}) << "what the owner has written is his";
    while (frames_.scrub_one()) {}
    EXPECT_EQ(*arch::real_pointer(frame(1)), std::byte{0xbb});
    EXPECT_TRUE(is_zero(frame(3), memory_size - 3 * frame_size));
    // What has been scrubbed is not scrubbed again for the next owner.
    *arch::real_pointer(frame(5)) = std::byte{0xcc};
    ASSERT_TRUE(frames_.allocate(4 * frame_size, frame_size, FrameState::partition));
    EXPECT_EQ(*arch::real_pointer(frame(5)), std::byte{0xcc});
}

TEST_F(FramesTest, SaysWhenWhatWasDirtyAtAMomentHasBeenScrubbed) {
    frames_.add(machine_.memory());
    const std::uint64_t clean = frames_.mark();
    EXPECT_TRUE(frames_.was_scrubbed(clean));
    const auto first = frames_.allocate(8 * frame_size, frame_size, FrameState::partition);
    frames_.release({*first, 8 * frame_size}, FrameState::partition);
    EXPECT_TRUE(frames_.was_scrubbed(clean)) << "later is another matter";
    frames_.scrub_one();
    const std::uint64_t mark = frames_.mark();
    // Somebody else takes and gives back all the time.
    unsigned steps = 0;
    for (; !frames_.was_scrubbed(mark); ++steps) {
        const auto more = frames_.allocate(frame_size, frame_size, FrameState::partition, Contents::any);
        ASSERT_TRUE(more);
        frames_.release({*more, frame_size}, FrameState::partition);
        ASSERT_LT(steps, 100u);
        ASSERT_TRUE(frames_.scrub_one());
    }
    EXPECT_GT(steps, 6u);
    for (std::uint64_t n = 1; n < 8; ++n)
        EXPECT_EQ(state(frame(n)), FrameState::free) << n;
}

TEST_F(FramesDeathTest, PanicsOnOurOwnMistakes) {
    frames_.add(machine_.memory());
    const auto a = frames_.allocate(2 * frame_size, frame_size, FrameState::partition);
    ASSERT_TRUE(a);
    EXPECT_DEATH(frames_.release({*a, 3 * frame_size}, FrameState::partition), "not the owner");
    EXPECT_DEATH(frames_.release({*a, 2 * frame_size}, FrameState::page_table), "not the owner");
    EXPECT_DEATH(frames_.release({*a + 1, frame_size}, FrameState::partition), "part of a frame");
    EXPECT_DEATH(frames_.release({*a, frame_size + 1}, FrameState::partition), "part of a frame");
    EXPECT_DEATH(frames_.release({frame(8), frame_size}, FrameState::free), "nobody has");
    EXPECT_DEATH(frames_.release({frame(8), frame_size}, FrameState::dirty), "nobody has");
    EXPECT_DEATH(frames_.release({fake_real_base + memory_size, frame_size}, FrameState::partition), "does not exist");
    EXPECT_DEATH(frames_.reserve({*a, 1}, FrameState::hypervisor), "a partition has");
    EXPECT_DEATH((void)frames_.allocate(1, frame_size, FrameState::partition), "multiple of a frame");
    EXPECT_DEATH((void)frames_.allocate(frame_size, 3 * frame_size, FrameState::partition), "power of two");
    EXPECT_DEATH((void)frames_.allocate(frame_size, frame_size, FrameState::free), "without an owner");
    frames_.release({*a, 2 * frame_size}, FrameState::partition);
    EXPECT_DEATH(frames_.release({*a, 2 * frame_size}, FrameState::partition), "not the owner");
    EXPECT_DEATH(frames_.zero({*a, frame_size}), "nobody has");
    EXPECT_DEATH(frames_.reserve({*a, 1}, FrameState::hypervisor), "a partition has");
}

} // namespace
} // namespace transom::memory

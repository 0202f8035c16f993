// SPDX-License-Identifier: Apache-2.0
#include "post_copy_fixture.hpp"

// The partition ends before all of its memory has come.

namespace transom::test {
namespace {

// A partition that ends there needs nothing more.
TEST_F(PostCopy, ThatOfAPartitionThatHasEndedIsFreed) {
    net.window = 3000;
    start();
    EXPECT_TRUE(target.completes(*there.partition));
    there.partition->state = partition::PartitionState::off;
    target.ended(*there.partition);
    settle();
    for (int second = 0; second < 3; ++second) {
        pass_a_second();
        settle();
    }
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(source_control.released, 1u);
    EXPECT_FALSE(source_control.released_whole) << "of what was not sent there are no digests";
    EXPECT_FALSE(target_control.completed_whole);
    EXPECT_FALSE(target.completes(*there.partition));
}

// Somebody else who has just connected does not hear of it: it would take it for the end of its own move.
TEST_F(PostCopy, ItsEndIsToldToItsSourceAlone) {
    net.window = 3000;
    start();
    break_connection();
    struct Other final : net::StreamHandler {
        std::size_t heard = 0;
        bool over = false;
        std::size_t received(std::span<const std::byte> bytes) override {
            heard += bytes.size();
            return bytes.size();
        }
        void closed(net::CloseReason) override { over = true; }
    } other;
    ASSERT_TRUE(net.connect({0x0a4d0002}, 7701, other));
    net.pump();
    for (int i = 0; i < 10; ++i) {
        target.step(1000);
        target_control.ticks += facts.timebase_frequency;
    }
    EXPECT_EQ(other.heard, 0u);
    there.partition->state = partition::PartitionState::off;
    target.ended(*there.partition);
    for (int i = 0; i < 10; ++i) {
        net.pump();
        target.step(1000);
    }
    EXPECT_EQ(other.heard, 0u);
    EXPECT_TRUE(other.over);
    EXPECT_TRUE(target.progress().failure.text().empty()) << "what a stranger does is none of the move's failures";
    pass_a_second();
    settle();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
}

// Of a long run of zeros nothing more is stored into what is about to be taken apart.
TEST_F(PostCopy, AZeroRunEndsWithItsPartition) {
    start();
    target_control.per_look = 2000; // a step is over after one granule
    ASSERT_TRUE(until([&] { return is_here(150); }));
    ASSERT_FALSE(is_here(3000));
    there.partition->state = partition::PartitionState::off;
    target.ended(*there.partition);
    const std::uint64_t so_far = target.progress().zero_pages;
    settle();
    EXPECT_EQ(target.progress().zero_pages, so_far);
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
}

} // namespace
} // namespace transom::test

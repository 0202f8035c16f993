// SPDX-License-Identifier: Apache-2.0
#include "mover_fixture.hpp"

// Doubts of whole machines: who has asked, and what becomes of the partition at both ends.

namespace transom::migrate {
namespace {

constexpr std::uint64_t running_at =
    19 * sizeof(RecordHeader) + sizeof(HelloReplyRecord) + round_trips * sizeof(PongRecord) + sizeof(TotalsRecord);

// With the machines' own partitions: it runs on one of them, and the other has given its memory back.
TEST_F(MoverTest, J7_ADoubtIsOverWhenTheTargetIsThereAgain) {
    const Bytes free_at_b = b.frames.total(FrameState::free);
    a.build("linux");
    network.cut_backward = running_at + sizeof(RunningRecord) - 1;
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
    network.cut_backward = ~std::uint64_t{0};
    machine.advance(twin_facts.timebase_frequency);
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::in_doubt);
    EXPECT_EQ(a.roster.find("linux"), nullptr);
    EXPECT_EQ(b.roster.find("linux")->state, PartitionState::running);
    EXPECT_EQ(a.mover.digests("linux").size(), mib(16) / kib(64));
    EXPECT_EQ(a.frames.total(FrameState::free), free_at_start - memory::frame_size) << "all but the digests";
    b.end("linux");

    partition::Partition& here = a.build("linux");
    network.cut_forward = network.acceptor().delivered - 1; // in the last byte of `run`
    network.ends.clear();
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
    EXPECT_EQ(b.roster.find("linux"), nullptr);
    network.cut_forward = ~std::uint64_t{0};
    machine.advance(twin_facts.timebase_frequency);
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::failed);
    EXPECT_EQ(here.state, PartitionState::running);
    EXPECT_EQ(b.frames.total(FrameState::free), free_at_b - memory::frame_size)
        << "all but the digests of the move before";
    ASSERT_TRUE(move("linux")) << "and may move again";
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

using enum Recovery::Outcome;

// Not a second passes: it is asked because the operator says so. Nothing but an answer decides.
TEST_F(MoverTest, J7_RecoverAsksTheTargetAtOnce) {
    a.build("linux");
    EXPECT_EQ(a.mover.recover("linux").error().error, MoveError::not_in_doubt);
    EXPECT_EQ(a.mover.recover("nobody").error().error, MoveError::no_such_partition);
    network.cut_backward = running_at + sizeof(RunningRecord) - 1;
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
    network.cut_backward = 0; // nothing comes back
    ASSERT_TRUE(a.mover.recover("linux"));
    EXPECT_EQ(a.mover.recovery("linux").outcome, asking);
    go_on();
    EXPECT_EQ(a.mover.recovery("linux").outcome, in_doubt);
    EXPECT_NE(a.mover.recovery("linux").heard.error, MoveError::none);
    EXPECT_FALSE(a.mover.recovery("linux").ran_there);
    EXPECT_EQ(a.roster.find("linux")->state, PartitionState::suspended);
    network.cut_backward = ~std::uint64_t{0};
    ASSERT_TRUE(a.mover.recover("linux"));
    go_on();
    EXPECT_EQ(a.mover.recovery("linux").outcome, there);
    EXPECT_EQ(a.roster.find("linux"), nullptr);
    EXPECT_EQ(b.roster.find("linux")->state, PartitionState::running);
    b.end("linux");

    partition::Partition& here = a.build("linux");
    network.cut_forward = network.acceptor().delivered - 1; // in the last byte of `run`
    network.ends.clear();
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
    network.cut_forward = ~std::uint64_t{0};
    ASSERT_TRUE(a.mover.recover("linux"));
    go_on();
    EXPECT_EQ(a.mover.recovery("linux").outcome, Recovery::Outcome::here);
    EXPECT_EQ(here.state, PartitionState::running);
}

// In post-copy it is asked by connecting again.
TEST_F(MoverTest, J7_RecoverConnectsAgainInPostCopy) {
    ASSERT_NO_FATAL_FAILURE(run_at_the_target_first());
    network.connector().cut = true;
    round();
    round();
    EXPECT_EQ(a.mover.recovery("linux").outcome, in_doubt);
    EXPECT_TRUE(a.mover.recovery("linux").ran_there);
    ASSERT_TRUE(a.mover.recover("linux"));
    EXPECT_EQ(a.mover.recovery("linux").outcome, asking);
    for (int rounds = 0; rounds < 10'000 && a.mover.recovery("linux").outcome == asking; ++rounds)
        round();
    EXPECT_EQ(a.mover.recovery("linux").outcome, there);
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

// Nor is it over when they are connected again and the target does not say what it lacks.
TEST_F(MoverTest, J7_RecoverWaitsForATargetThatIsConnectedAndSilent) {
    ASSERT_NO_FATAL_FAILURE(run_at_the_target_first());
    network.connector().cut = true;
    const std::size_t before = network.ends.size();
    network.window = 0; // of the next connection: nothing goes through it
    round();
    round();
    ASSERT_EQ(a.mover.recovery("linux").outcome, in_doubt);
    machine.advance(twin_facts.timebase_frequency); // it tries again each second
    round();
    round();
    ASSERT_GT(network.ends.size(), before);
    ASSERT_TRUE(a.mover.recover("linux")) << "it is not where it can be said who has all of it";
    EXPECT_EQ(a.mover.recovery("linux").outcome, asking);
    for (std::size_t end = before; end < network.ends.size(); ++end)
        network.ends[end]->window = 100'000;
    network.window = 100'000;
    for (int rounds = 0; rounds < 10'000 && a.mover.recovery("linux").outcome == asking; ++rounds)
        round();
    EXPECT_EQ(a.mover.recovery("linux").outcome, there);
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

} // namespace
} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#include "mover_fixture.hpp"
#include "raw_source.hpp"

// While a partition at the target waits for the rest of its memory: of all machines that are known, one is its source, and one its target.

namespace transom::test {
namespace {

using migrate::MoveError;
using migrate::MoveState;
using net::PeerKey;

class PeerKeys : public Move {
  protected:
    /// Until it runs at the target with a page missing, and the connection is gone.
    void break_in_post_copy() {
        migrate::MoveOrder moved = order(large(2));
        moved.mode = migrate::MoveMode::post_copy;
        net.window = 3000;
        net.answers_with = PeerKey{1};
        net.calls_with = PeerKey{3};
        ASSERT_TRUE(source.start(net, moved));
        ASSERT_TRUE(until([&] { return runs_there(); }));
        ASSERT_EQ(target.progress().state, MoveState::post_copying);
        net.connector().cut = true;
        settle();
        ASSERT_EQ(source.progress().state, MoveState::post_copying);
    }
    void pass_a_second() {
        source_control.ticks += facts.timebase_frequency;
        target_control.ticks += facts.timebase_frequency;
        settle();
    }
    std::size_t made() const { return net.ends.size() / 2; }
};

TEST_F(PeerKeys, NoOtherMachineAtTheTargetsAddressHearsOfIt) {
    break_in_post_copy();
    net.answers_with = PeerKey{2};
    pass_a_second();
    ASSERT_EQ(made(), 2u);
    EXPECT_TRUE(net.acceptor(1).history.empty());
    EXPECT_EQ(source.progress().failure.error, MoveError::other_machine);
    EXPECT_EQ(source.progress().state, MoveState::post_copying);
    net.answers_with = PeerKey{1};
    pass_a_second();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(target.progress().state, MoveState::completed);
    expect_same_memory();
}

TEST_F(PeerKeys, NoOtherMachineSendsWhatIsMissing) {
    break_in_post_copy();
    net.calls_with = PeerKey{4}; // it knows the partition's name, and when it stopped
    pass_a_second();
    EXPECT_EQ(source.progress().failure.error, MoveError::no_such_partition);
    EXPECT_EQ(target.progress().state, MoveState::post_copying);
    net.calls_with = PeerKey{3};
    pass_a_second();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(target.progress().state, MoveState::completed);
    expect_same_memory();
}

// One that is connected and does not say who it is keeps the source out for as long as it takes to call.
TEST_F(PeerKeys, TheSourceGoesBeforeWhoSaysNothing) {
    break_in_post_copy();
    struct Silent final : net::StreamHandler {
        std::size_t received(std::span<const std::byte> bytes) override { return bytes.size(); }
        void closed(net::CloseReason) override { over = true; }
        bool over = false;
    } silent;
    ASSERT_TRUE(net.connect({0x0a4d0002}, 7701, silent));
    net.pump();
    ASSERT_TRUE(target.busy());
    pass_a_second();
    EXPECT_TRUE(silent.over);
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(target.progress().state, MoveState::completed);
    expect_same_memory();
}

} // namespace
} // namespace transom::test

// SPDX-License-Identifier: Apache-2.0
#include "mover_fixture.hpp"
#include "secure_fixture.hpp"

#include <algorithm>

namespace transom::migrate {
namespace {

using testing::HasSubstr;

constexpr std::string_view pattern = "what a partition has in its memory is nobody else's";

/// Two machines whose movers have nothing but encrypted connections.
class SecureMoveTest : public MoverTest {
  protected:
    SecureMoveTest() : plain_(network.listener) { EXPECT_TRUE(b.mover.listen(*there_.network)); }

    partition::Partition& build() {
        partition::Partition& partition = a.build("linux");
        for (Bytes at = 0; at + pattern.size() < kib(512); at += kib(4))
            EXPECT_TRUE(partition.memory.write(LogicalAddr{at}, std::as_bytes(std::span(pattern))));
        return partition;
    }
    bool secure_round() {
        machine.advance(100);
        const bool source_waits = a.mover.run() != 0, target_waits = b.mover.run() != 0;
        here_.network->run();
        there_.network->run();
        const bool drained = a.attendant.run() == never && b.attendant.run() == never;
        const bool moved = network.pump();
        return moved || !source_waits || !target_waits || !drained;
    }
    void secure_go_on() {
        for (int rounds = 0; rounds < 100'000 && (secure_round() || secure_round()); ++rounds) {}
    }
    std::expected<void, Failure> secure_move(secure::Machine& from) {
        return a.mover.move(*from.network, "linux", {0x0a4d0002}, migration_port, {});
    }
    bool on_the_wire(std::string_view what) const {
        const auto bytes = std::as_bytes(std::span(what));
        return std::ranges::any_of(network.ends, [&](const auto& end) {
            return std::search(end->history.begin(), end->history.end(), bytes.begin(), bytes.end()) !=
                   end->history.end();
        });
    }

    std::size_t bytes_on_the_wire() const {
        std::size_t sum = 0;
        for (const auto& end : network.ends)
            sum += end->history.size();
        return sum;
    }

    net::Listener* plain_;
    secure::Machine here_{network, "link", 1, {2}}, there_{network, "link", 2, {1}};
};

TEST_F(SecureMoveTest, J8_NothingOfThePartitionIsOnTheWire) {
    build();
    ASSERT_TRUE(secure_move(here_));
    secure_go_on();
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    ASSERT_EQ(b.mover.progress().state, MoveState::completed);
    EXPECT_FALSE(b.mover.owes_word()) << "its source has ended the connection in order";
    partition::Partition& there = *b.roster.find("linux");
    std::array<std::byte, pattern.size()> found{};
    ASSERT_TRUE(there.memory.read(LogicalAddr{kib(508)}, found));
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(found.data()), found.size()), pattern);
    EXPECT_GT(a.mover.progress().pages, 0u);
    EXPECT_GT(bytes_on_the_wire(), a.mover.progress().bytes);
    EXPECT_FALSE(on_the_wire(pattern));
    EXPECT_FALSE(on_the_wire("linux"));
    EXPECT_FALSE(on_the_wire("TRNS"));
}

// What the test above looks for, where it has to be found.
TEST_F(SecureMoveTest, WithoutEncryptionItWouldBe) {
    build();
    network.listener = plain_;
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_TRUE(on_the_wire(pattern));
    EXPECT_TRUE(on_the_wire("linux"));
    EXPECT_TRUE(on_the_wire("TRNS"));
}

/// How often it is in the memory of the machine that begins there.
std::size_t copies_of(std::string_view what, RealAddr machine) {
    std::string_view memory(reinterpret_cast<const char*>(arch::real_pointer(machine)), twin_size);
    std::size_t copies = 0;
    for (auto at = memory.find(what); at != memory.npos; at = memory.find(what)) {
        ++copies;
        memory.remove_prefix(at + what.size());
    }
    return copies;
}

TEST_F(SecureMoveTest, J8_NothingOfThePartitionIsLeftInBuffers) {
    const auto move_and_scrub = [&] {
        ASSERT_TRUE(secure_move(here_));
        secure_go_on();
        for (TwinMachine* twin : {&a, &b})
            while (twin->frames.scrub_one()) {}
    };
    build();
    const std::size_t copies = copies_of(pattern, arch::fake_real_base);
    ASSERT_EQ(copies, kib(512) / kib(4));
    move_and_scrub();
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(copies_of(pattern, arch::fake_real_base), 0u);
    EXPECT_EQ(copies_of(pattern, arch::fake_real_base + twin_size), copies);
    for (secure::Machine* machine : {&here_, &there_}) {
        const std::string_view all(reinterpret_cast<const char*>(&machine->places), sizeof machine->places);
        EXPECT_EQ(all.find(pattern), all.npos);
    }
}

// The same for a move that comes to nothing: what the target has had of it.
TEST_F(SecureMoveTest, J8_NothingOfAMoveThatFailsIsLeftAtTheTarget) {
    build();
    ASSERT_TRUE(secure_move(here_));
    for (int i = 0; i < 10'000 && copies_of(pattern, arch::fake_real_base + twin_size) < 20; ++i)
        secure_round();
    ASSERT_TRUE(a.mover.cancel());
    secure_go_on();
    for (TwinMachine* twin : {&a, &b})
        while (twin->frames.scrub_one()) {}
    EXPECT_EQ(copies_of(pattern, arch::fake_real_base), kib(512) / kib(4));
    EXPECT_EQ(copies_of(pattern, arch::fake_real_base + twin_size), 0u);
}

TEST_F(SecureMoveTest, AStrangerDoesNotGetAPartition) {
    partition::Partition& here = build();
    secure::Machine stranger{network, "link", 9, {2}};
    ASSERT_TRUE(secure_move(stranger));
    for (int i = 0; i < 100; ++i) {
        stranger.network->run();
        secure_round();
    }
    EXPECT_EQ(a.mover.progress().state, MoveState::failed);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::unknown_here);
    EXPECT_EQ(a.mover.progress().failure.text(),
              "the target does not know this machine: the key of this machine is not pinned there");
    EXPECT_EQ(here.state, PartitionState::running);
    EXPECT_EQ(b.roster.size(), 0u);
    EXPECT_EQ(b.mover.progress().began_at, 0u) << "the session has not heard of it";
}

TEST_F(SecureMoveTest, AMachineThatIsNotKnownGetsNoPartition) {
    partition::Partition& here = build();
    secure::Machine wary{network, "link", 1, {8}};
    ASSERT_TRUE(secure_move(wary));
    for (int i = 0; i < 100; ++i) {
        wary.network->run();
        secure_round();
    }
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::unknown_peer);
    EXPECT_EQ(a.mover.progress().failure.text(),
              "the target is not a machine that this one knows: its key is not pinned here");
    EXPECT_EQ(here.state, PartitionState::running);
    EXPECT_EQ(b.mover.progress().began_at, 0u);
}

TEST_F(SecureMoveTest, WithoutKeysThereIsNoMove) {
    build();
    secure::Identity none;
    secure::SecureNetwork keyless(network, {"link"}, none, here_.entropy, here_.places, test::facts.timebase_frequency);
    const auto moved = a.mover.move(keyless, "linux", {0x0a4d0002}, migration_port, {});
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().error, MoveError::no_connection);
    EXPECT_THAT(std::string(moved.error().text()), HasSubstr("this machine was given no keys"));
    EXPECT_EQ(a.mover.listen(keyless).error(), net::StreamError::no_keys);
}

TEST_F(SecureMoveTest, AFlippedBitEndsTheMoveAndThePartitionStays) {
    for (const bool towards_target : {true, false}) {
        SCOPED_TRACE(towards_target);
        partition::Partition& here = a.roster.find("linux") != nullptr ? *a.roster.find("linux") : build();
        ASSERT_TRUE(secure_move(here_));
        for (int i = 0; i < 10'000 && a.mover.progress().agreed_at == 0; ++i)
            secure_round();
        test::PipeEnd& end = **(network.ends.end() - (towards_target ? 1 : 2));
        end.flip_at = end.delivered + 30; // in a ping or its answer
        for (int i = 0; i < 10'000 && a.mover.progress().in_progress(); ++i)
            secure_round();
        EXPECT_EQ(a.mover.progress().failure.error, MoveError::forged) << a.mover.progress().failure.text();
        EXPECT_EQ(b.mover.progress().failure.error, MoveError::forged) << b.mover.progress().failure.text();
        EXPECT_EQ(here.state, PartitionState::running);
        EXPECT_EQ(b.roster.size(), 0u);
        secure_go_on();
    }
}

} // namespace
} // namespace transom::migrate

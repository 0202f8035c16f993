// SPDX-License-Identifier: Apache-2.0
// Who hears that a partition goes on at a machine, and how often.
#include "mover_fixture.hpp"

namespace transom::migrate {
namespace {

struct Heard final : Announcer {
    void announce(partition::Partition& partition) override {
        EXPECT_EQ(partition.state, PartitionState::running);
        names.emplace_back(partition.name());
    }
    std::vector<std::string> names;
};

class MoverAnnounceTest : public MoverTest {
  protected:
    MoverAnnounceTest() {
        a.mover.announce_by(at_a);
        b.mover.announce_by(at_b);
    }
    void begin(MoveMode mode) {
        partition::Partition& here = a.build("linux");
        test::fill_with_noise(here);
        ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {.mode = mode}));
    }
    void until(auto holds) {
        for (int rounds = 0; rounds < 100'000 && !holds(); ++rounds)
            round();
        ASSERT_TRUE(holds());
    }
    Heard at_a, at_b;
};

TEST_F(MoverAnnounceTest, WhereItGoesOnAndNowhereElse) {
    begin(MoveMode::hybrid);
    go_on();
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_THAT(at_a.names, testing::IsEmpty());
    EXPECT_THAT(at_b.names, testing::ElementsAre("linux"));
    machine.advance(10 * twin_facts.timebase_frequency);
    round();
    EXPECT_EQ(at_b.names.size(), 1u) << "all of it was here at once";
}

TEST_F(MoverAnnounceTest, AgainAndAgainUntilAllOfItIsHere) {
    begin(MoveMode::post_copy);
    until([&] { return b.mover.progress().state == MoveState::post_copying; });
    EXPECT_EQ(at_b.names.size(), 1u);
    for (const auto& end : network.ends)
        end->cut = true; // nothing more comes
    const std::uint64_t interval = twin_facts.timebase_frequency / announcements_a_second;
    for (std::size_t times = 2; times < 5; ++times) {
        b.mover.run();
        EXPECT_EQ(at_b.names.size(), times - 1) << "not before it is time";
        machine.advance(interval);
        b.mover.run();
        EXPECT_EQ(at_b.names.size(), times);
    }
    until([&] { // the source connects again
        machine.advance(interval / 10);
        return a.mover.progress().state == MoveState::completed;
    });
    const std::size_t heard = at_b.names.size();
    machine.advance(10 * interval);
    round();
    EXPECT_EQ(at_b.names.size(), heard);
    EXPECT_THAT(at_a.names, testing::IsEmpty());
}

TEST_F(MoverAnnounceTest, OneThatIsNotHandedOverIsAnnouncedWhereItIs) {
    begin(MoveMode::stop_and_copy);
    until([&] { return a.roster.find("linux")->state == PartitionState::suspended; });
    EXPECT_TRUE(a.mover.cancel());
    EXPECT_THAT(at_a.names, testing::ElementsAre("linux"));
    go_on();
    EXPECT_EQ(at_a.names.size(), 1u);
    EXPECT_THAT(at_b.names, testing::IsEmpty());
}

TEST_F(MoverAnnounceTest, OneThatHasNotStoodStillIsNot) {
    begin(MoveMode::hybrid);
    until([&] { return a.mover.progress().state == MoveState::pre_copying; });
    EXPECT_TRUE(a.mover.cancel());
    go_on();
    EXPECT_THAT(at_a.names, testing::IsEmpty());
}

} // namespace
} // namespace transom::migrate

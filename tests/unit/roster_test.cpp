// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <gmock/gmock.h>
#include <memory>
#include <transom/partition/roster.hpp>

namespace transom::partition {
namespace {

class RosterTest : public testing::Test {
  protected:
    RosterTest()
        : machine_(mib(80)), states_((arch::fake_real_base + machine_.memory().size).value / memory::frame_size) {
        frames_.add(machine_.memory());
        frames_.reserve({arch::fake_real_base, 1}, memory::FrameState::hypervisor);
    }

    std::expected<Partition*, CreateError> add(std::string_view name, std::optional<std::uint32_t> capacity) {
        auto created = roster_->create_empty({.name = name,
                                              .memory = mib(16),
                                              .virtual_processors = 2,
                                              .entitled_capacity = capacity,
                                              .capacity_weight = 7,
                                              .capped = capacity.has_value()});
        if (created)
            roster_->start(**created);
        return created;
    }

    arch::FakeMachine machine_;
    std::vector<memory::FrameState> states_;
    memory::Frames frames_{states_};
    Resources resources_{.frames = frames_, .processor = {.timebase_frequency = 512'000'000}};
    Dispatcher dispatcher_{512'000'000};
    std::unique_ptr<Roster> roster_ = std::make_unique<Roster>(resources_, dispatcher_);
};

TEST_F(RosterTest, GivesOutNoMoreOfTheProcessorsThanThereIs) {
    const auto first = add("first", 70);
    ASSERT_TRUE(first) << first.error().view();
    EXPECT_EQ((*first)->share.claim.entitled, 70u);
    EXPECT_EQ((*first)->share.claim.weight, 7);
    EXPECT_TRUE((*first)->share.claim.capped);
    const auto second = add("second", 40);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().view(),
              "partition second: entitled-capacity is 40, and 30 hundredths of a processor are left of "
              "100: lower it, here or in another partition, or give the machine more processors");
    EXPECT_EQ(roster_->size(), 1u);
    const auto usual = add("usual", {});
    ASSERT_TRUE(usual);
    EXPECT_EQ((*usual)->share.claim.entitled, 5u);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 25u);
    // One that has not started yet, because it arrives, has its claim already.
    const auto arriving = roster_->create_empty({.name = "arriving", .memory = mib(16), .entitled_capacity = 21});
    ASSERT_TRUE(arriving);
    EXPECT_FALSE(add("late", {})) << "4 are left, with which it would hardly run";
    roster_->destroy(**arriving);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 25u);
    roster_->destroy(**first);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 95u);
    const auto again = add("again", 95);
    ASSERT_TRUE(again) << again.error().view();
    for (Partition* partition : {*usual, *again})
        roster_->destroy(*partition);
}

} // namespace
} // namespace transom::partition

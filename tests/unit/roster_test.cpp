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
              "100: lower it, or give the machine more processors");
    EXPECT_EQ(roster_->size(), 1u);
    const auto usual = add("usual", {});
    ASSERT_TRUE(usual);
    EXPECT_EQ((*usual)->share.claim.entitled, 20u);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 10u);
    roster_->destroy(**first);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 80u);
    const auto again = add("again", 80);
    ASSERT_TRUE(again) << again.error().view();
    const auto nothing = add("nothing", {});
    ASSERT_TRUE(nothing);
    EXPECT_EQ((*nothing)->share.claim.entitled, 0u);
    for (Partition* partition : {*usual, *again, *nothing})
        roster_->destroy(*partition);
}

} // namespace
} // namespace transom::partition

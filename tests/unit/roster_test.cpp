// SPDX-License-Identifier: Apache-2.0
#include "partition_builder.hpp"

#include <algorithm>
#include <arch/fake_machine.hpp>
#include <arch/world.hpp>
#include <gmock/gmock.h>
#include <memory>
#include <transom/partition/roster.hpp>

namespace transom::partition {
namespace {

class RosterTest : public testing::Test {
  protected:
    RosterTest()
        : machine_(mib(192)), states_((arch::fake_real_base + machine_.memory().size).value / memory::frame_size) {
        frames_.add(machine_.memory());
        frames_.reserve({arch::fake_real_base, 1}, memory::FrameState::hypervisor);
    }

    std::expected<Partition*, CreateError> add(std::string_view name, std::optional<std::uint32_t> capacity) {
        auto created = test::create_empty(*roster_, {.name = name,
                                                     .memory = mib(16),
                                                     .virtual_processors = 2,
                                                     .entitled_capacity = capacity,
                                                     .capacity_weight = 7,
                                                     .capped = capacity.has_value()});
        if (created)
            roster_->start(**created);
        return created;
    }
    void end(Partition& partition) {
        partition.state = PartitionState::off;
        roster_->destroy(partition);
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
    const auto arriving =
        test::create_empty(*roster_, {.name = "arriving", .memory = mib(16), .entitled_capacity = 21});
    ASSERT_TRUE(arriving);
    EXPECT_FALSE(add("late", {})) << "4 are left, with which it would hardly run";
    roster_->destroy(**arriving);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 25u);
    end(**first);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 95u);
    const auto again = add("again", 95);
    ASSERT_TRUE(again) << again.error().view();
    for (Partition* partition : {*usual, *again})
        end(*partition);
}

TEST_F(RosterTest, DedicatesProcessorsButTheBootProcessor) {
    dispatcher_.set_processors(3);
    const auto dedicated = [&](std::string_view name, std::uint32_t count) {
        return test::create_empty(*roster_, {.name = name,
                                             .memory = mib(16),
                                             .virtual_processors = count,
                                             .entitled_capacity = 100 * count,
                                             .processors = Processors::dedicated});
    };
    const auto too_many = dedicated("three", 3);
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error().view(),
              "partition three: dedicated-processors asks for 3, and 2 are left of 2 that are not the "
              "boot processor: let it share, or give the machine more processors");
    const auto one = dedicated("one", 1);
    ASSERT_TRUE(one);
    EXPECT_EQ(dispatcher_.pool().dedicated, 1u);
    EXPECT_EQ(dispatcher_.pool().shared(), 2u);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 200u);
    EXPECT_FALSE(dedicated("two", 2));
    const auto most = add("most", 100);
    ASSERT_TRUE(most);
    const auto more = test::create_empty(*roster_, {.name = "more", .memory = mib(16), .entitled_capacity = 51});
    ASSERT_TRUE(more);
    EXPECT_FALSE(dedicated("late", 1)) << "there is one, and what it is worth is others' entitlement";
    for (Partition* partition : {*one, *most, *more})
        end(*partition);
    EXPECT_EQ(dispatcher_.pool().dedicated, 0u);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 300u);
}

TEST_F(RosterTest, HasAsManyAsThereAreNumbersAndGivesOutTheLowestFirst) {
    const Bytes free = frames_.total(memory::FrameState::free);
    std::vector<Partition*> all;
    for (std::uint32_t i = 1; i <= arch::max_lpid; ++i) {
        const auto one = add(std::string(1, static_cast<char>('a' + i)), 5);
        ASSERT_TRUE(one) << one.error().view();
        EXPECT_EQ((*one)->lpid, i);
        all.push_back(*one);
    }
    const auto more = add("more", 5);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().view(), "partition more: this machine has its 9 partitions: end one first");
    EXPECT_FALSE(add("b", 5)) << "a name in use";
    end(*all[3]);
    end(*all[1]);
    for (const std::size_t freed : {1, 3}) {
        const auto again = add(std::string(1, static_cast<char>('p' + freed)), 5);
        ASSERT_TRUE(again);
        EXPECT_EQ((*again)->lpid, freed + 1);
        all[freed] = *again;
    }
    std::uint32_t next = 1;
    roster_->for_each([&](Partition& partition) {
        EXPECT_EQ(partition.lpid, next++);
        end(partition); // which may happen meanwhile
    });
    EXPECT_EQ(next, arch::max_lpid + 1);
    while (frames_.scrub_one()) {}
    EXPECT_EQ(frames_.total(memory::FrameState::free), free);
    EXPECT_TRUE(std::ranges::all_of(machine_.memory_, [](std::byte b) { return b == std::byte{0}; }));
}

TEST_F(RosterTest, OneThatArrivesIsPreparedInPortions) {
    std::ranges::fill(machine_.memory_, std::byte{0x5a});
    const auto begun = roster_->begin_empty({.name = "arriving", .memory = mib(16)});
    ASSERT_TRUE(begun);
    EXPECT_FALSE(roster_->is_starting(**begun)) << "nobody here starts it";
    EXPECT_EQ(roster_->work(1'000'000, Starts::all), nullptr);
    machine_.step_ = 1;
    unsigned calls = 1;
    while (!roster_->prepare(**begun, 10))
        ++calls;
    EXPECT_GT(calls, 20u);
    EXPECT_EQ(*(*begun)->memory.load<std::uint64_t>({mib(16) - 8}), 0u);
    roster_->start(**begun);
    end(**begun);
}

TEST_F(RosterTest, NobodyRunsOnWhatOthersHaveLeft) {
    const auto begun = roster_->begin_empty({.name = "early", .memory = mib(16)});
    ASSERT_TRUE(begun);
    EXPECT_DEATH(roster_->start(**begun), "being built");
    roster_->destroy(**begun);
    EXPECT_EQ(roster_->size(), 0u);
}

} // namespace
} // namespace transom::partition

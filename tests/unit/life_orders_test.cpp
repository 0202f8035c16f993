// SPDX-License-Identifier: Apache-2.0
#include "life_cycle_fixture.hpp"

#include <transom/net/clock.hpp>

namespace transom::manage {
namespace {

TEST_F(LifeCycleTest, OrdersThatMakeNoSenseAreRefusedByName) {
    for (const auto& order : {start("a"), stop("a"), reset("a"), remove("a")})
        EXPECT_EQ(order, "no-such-partition");
    ASSERT_EQ(define({{"a", 16, 60}, {"b", 16, 60}}), "");
    EXPECT_EQ(stop("a"), "not-running");
    EXPECT_EQ(reset("a"), "not-running");
    ASSERT_EQ(start("a"), "");
    EXPECT_EQ(start("a"), "running");
    EXPECT_EQ(start("a", true), "running");
    EXPECT_EQ(remove("a"), "running");
    const auto no_room = life_.start("b", false);
    ASSERT_FALSE(no_room);
    EXPECT_EQ(no_room.error().name, "no-room");
    EXPECT_THAT(std::string(no_room.error().line.view()), HasSubstr("entitled-capacity is 60"));
    partition("a").state = PartitionState::suspended;
    EXPECT_EQ(stop("a"), "in-doubt");
    EXPECT_EQ(reset("a"), "in-doubt");
    partition("a").state = PartitionState::empty;
    EXPECT_EQ(stop("a"), "moving");
    EXPECT_EQ(reset("a"), "moving");
    partition("a").state = PartitionState::off;
    EXPECT_EQ(stop("a"), "not-running") << "it has just ended by itself";
    EXPECT_EQ(remove("a"), "running");
    life_.ended(partition("a"));
    EXPECT_EQ(remove("a"), "");
    EXPECT_EQ(remove("b"), "");
    EXPECT_EQ(free(), before_);
}

TEST_F(LifeCycleTest, BundlesThatCannotBeAreRefusedByName) {
    ASSERT_EQ(define({{"a"}}), "");
    const Bytes one = free();
    EXPECT_EQ(define({{"b"}, {"a"}}), "name-in-use");
    EXPECT_EQ(define({{"b", 128}}), "no-memory");
    EXPECT_EQ(define(std::vector<test::Described>{}), "malformed") << "nothing in it";
    const auto sound = bundle({{"b"}});
    std::vector<std::byte> cut(sound.begin(), sound.end());
    EXPECT_EQ(define_bundle(std::span(cut).first(cut.size() / 2)), "malformed");
    cut[0] = std::byte{0};
    EXPECT_EQ(define_bundle(cut), "malformed");
    fdt_ = std::make_unique<FdtBuilder>();
    fdt_->text("compatible", "transom,manifest-1").begin("partitions").begin("b");
    EXPECT_EQ(define_bundle(fdt_->number("memory-mib", 16).text("kernel", "x").end().end().finish()), "malformed")
        << "without files";
    for (const Bytes size : {mib(112), ~Bytes{0}, ~Bytes{0} - memory::frame_size}) {
        const auto memory = life_.reserve(size);
        ASSERT_FALSE(memory);
        EXPECT_EQ(memory.error().name, "no-memory");
    }
    const auto with_kernel = [&](const std::vector<std::byte>& kernel) {
        fdt_ = std::make_unique<FdtBuilder>();
        return define_bundle(test::bundle_of(*fdt_, {{"b"}}, kernel));
    };
    EXPECT_EQ(with_kernel(std::vector(100, std::byte{'x'})), "bad-kernel");
    ElfBuilder elf = test::kernel_of_0x11();
    elf.segments[0].memory_size = mib(16);
    EXPECT_EQ(with_kernel(elf.build()), "does-not-fit") << "with what else there has to be";
    elf.segments[0].memory_size = mib(17);
    EXPECT_EQ(with_kernel(elf.build()), "does-not-fit");
    elf.machine = EM_X86_64;
    EXPECT_EQ(with_kernel(elf.build()), "bad-kernel");
    EXPECT_EQ(free(), one);
    LifeCycle nothing_runs(roster_, frames, mover_, observer(), false);
    EXPECT_EQ(nothing_runs.reserve(1).error().name, "no-partitions");
}

TEST_F(LifeCycleTest, AResetThatCannotBeLeavesThePartitionAlone) {
    ASSERT_EQ(define({{"a", 32, 60}}), "");
    ASSERT_EQ(start("a"), "");
    leave("a");
    Partition& back = arrive("a", 50); // with less than its definition says
    ASSERT_TRUE(test::create_empty(roster_, {.name = "other", .memory = mib(16), .entitled_capacity = 45}));
    EXPECT_EQ(reset("a"), "no-room");
    EXPECT_EQ(&partition("a"), &back);
    EXPECT_EQ(back.state, PartitionState::running);
    EXPECT_EQ(back.memory.size(), mib(16));
    roster_.destroy(partition("other"));
    settle();
    ASSERT_TRUE(test::create_empty(roster_, {.name = "other", .memory = mib(80)})); // and now with too little memory
    EXPECT_EQ(reset("a"), "no-room");
    EXPECT_EQ(back.state, PartitionState::running);
    // What it cannot have when it asks for it itself is its end, and nobody else's.
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(roster_.find("a"), nullptr);
    EXPECT_EQ(roster_.size(), 1u);
}

TEST_F(LifeCycleTest, WhatHasMovedAwayIsNotStartedTwiceByAccident) {
    ASSERT_EQ(define({{"a"}}), "");
    EXPECT_TRUE(life_.name_is_taken("a")) << "a visitor of that name would be in the way";
    ASSERT_EQ(start("a"), "");
    leave("a");
    EXPECT_THAT(status(), ElementsAre("a moved-away operator 10"));
    EXPECT_FALSE(life_.name_is_taken("a")) << "it may come back";
    EXPECT_EQ(start("a"), "moved-away");
    EXPECT_EQ(stop("a"), "not-running");
    arrive("a");
    EXPECT_THAT(status(), ElementsAre("a running operator 5"));
    EXPECT_EQ(stop("a"), "") << "it is as it was";
    EXPECT_EQ(start("a"), "");
    leave("a");
    EXPECT_EQ(start("a", true), "") << "at the operator's word";
    EXPECT_THAT(status(), ElementsAre("a running operator 10"));
}

TEST_F(LifeCycleTest, AVisitorHasNoDefinitionHere) {
    arrive("visitor");
    EXPECT_FALSE(life_.name_is_taken("visitor"));
    EXPECT_THAT(status(), ElementsAre("visitor running peer 5"));
    EXPECT_EQ(reset("visitor"), "no-definition");
    EXPECT_EQ(remove("visitor"), "no-definition");
    EXPECT_EQ(start("visitor"), "running");
    EXPECT_EQ(define({{"visitor"}}), "name-in-use");
    EXPECT_EQ(stop("visitor"), "no-definition");
    EXPECT_NE(roster_.find("visitor"), nullptr);
    EXPECT_EQ(stop("visitor", true), "");
    EXPECT_EQ(free(), before_);
    arrive("visitor");
    end_itself("visitor", StopReason::reboot);
    EXPECT_EQ(roster_.size(), 0u);
    EXPECT_TRUE(life_.over());
}

TEST_F(LifeCycleTest, WhatIsWrongWithTheMachinesOwnBundleIsSaidByTheStart) {
    fdt_ = std::make_unique<FdtBuilder>();
    boot_ = tree::Manifest::parse(test::bundle_of(*fdt_, {{"a"}}, std::vector(100, std::byte{'x'})));
    ASSERT_TRUE(life_.definitions().adopt(*boot_));
    const auto started = life_.start("a", false);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().name, "bad-kernel");
    EXPECT_THAT(std::string(started.error().line.view()), HasSubstr("partition a: kernel vmlinux is no ELF file"));
    EXPECT_EQ(roster_.size(), 0u);
    arrive("a");
    EXPECT_EQ(reset("a"), "bad-kernel");
    EXPECT_EQ(partition("a").state, PartitionState::running) << "it goes on";
}

TEST_F(LifeCycleTest, WhatIsBeingBuiltCanBeStopped) {
    machine.step_ = net::ticks_per_millisecond();
    ASSERT_EQ(define({{"a", 16, 60}, {"b", 16, 60}}), "");
    const Bytes defined = free();
    for (const bool removed : {false, true}) {
        ASSERT_TRUE(life_.start("a", false));
        for (unsigned rounds = 0; rounds < 3; ++rounds)
            life_.run();
        ASSERT_TRUE(is_starting("a"));
        ASSERT_EQ(partition("a").state, PartitionState::empty);
        EXPECT_EQ(name(removed ? life_.remove("a") : life_.stop("a", false)), "");
        EXPECT_EQ(roster_.find("a"), nullptr);
        EXPECT_EQ(life_.started("a")->error().name, "not-running") << "whoever has ordered the start is told";
        EXPECT_GT(frames.total(FrameState::dirty), mib(16)) << "and is answered when that is scrubbed";
        settle();
        EXPECT_EQ(free(), defined);
        EXPECT_EQ(dispatcher_.pool().entitled, 0u);
        EXPECT_FALSE(life_.over());
    }
    EXPECT_THAT(events_, ElementsAre());
    EXPECT_THAT(status(), ElementsAre("b defined operator 60"));
    EXPECT_EQ(start("b"), "") << "its part of the processors is there";
}

TEST_F(LifeCycleTest, AFreshDefinitionOfWhatHasMovedAwayIsAnotherPartition) {
    ASSERT_EQ(define({{"a"}}), "");
    ASSERT_EQ(start("a"), "");
    leave("a");
    EXPECT_EQ(define({{"a"}}), "name-in-use");
    EXPECT_EQ(remove("a"), "") << "it runs on, elsewhere";
    EXPECT_THAT(machine.log_.back(), HasSubstr("it runs on the other machine as before"));
    ASSERT_EQ(define({{"a"}}), "");
    EXPECT_TRUE(life_.name_is_taken("a")) << "the one that left cannot come back beside it";
    EXPECT_EQ(start("a"), "") << "nothing of the other one is in it, but the name";
}

} // namespace
} // namespace transom::manage

// SPDX-License-Identifier: Apache-2.0
#include "bundle_builder.hpp"
#include "memory_pipe.hpp"
#include "partition_builder.hpp"

#include <algorithm>
#include <arch/fake_machine.hpp>
#include <gmock/gmock.h>
#include <transom/manage/local_machine.hpp>
#include <transom/net/clock.hpp>
#include <transom/partition/terminals.hpp>

namespace transom::manage {
namespace {

using memory::FrameState;
using partition::Partition;
using partition::PartitionState;
using partition::StopReason;
using testing::ElementsAre;
using testing::HasSubstr;

struct Memory {
    Memory() : states((arch::fake_real_base + machine.memory().size).value / memory::frame_size), frames(states) {
        frames.add(machine.memory());
        frames.reserve({arch::fake_real_base, 1}, FrameState::hypervisor);
    }
    arch::FakeMachine machine{mib(112)};
    std::vector<FrameState> states;
    memory::Frames frames;
};

class LifeCycleTest : public testing::Test, protected Memory, LifeObserver {
  protected:
    LifeCycleTest() { before_ = free(); }

    void arrived(Partition&) override {}
    void starting(Partition& partition, bool anew) override {
        events_.push_back(fmt::format("starting {}{}", partition.name(), anew ? " anew" : ""));
    }
    void ending(Partition& partition) override { events_.push_back("ending " + std::string(partition.name())); }

    LifeObserver& observer() { return *this; }
    Bytes free() const { return frames.total(FrameState::free); }

    std::span<const std::byte> bundle(const std::vector<test::Described>& partitions) {
        fdt_ = std::make_unique<FdtBuilder>();
        return test::bundle_of(*fdt_, partitions);
    }
    std::string define_bundle(std::span<const std::byte> bytes) {
        const auto memory = life_.reserve(bytes.size());
        if (!memory)
            return std::string(memory.error().name);
        std::ranges::copy(bytes, memory->begin());
        const auto defined = life_.define(*memory);
        if (defined)
            return "";
        life_.drop(*memory);
        settle();
        return std::string(defined.error().name);
    }
    std::string define(const std::vector<test::Described>& partitions) { return define_bundle(bundle(partitions)); }
    /// As the machine's own bundle, which lives as long as the test.
    void adopt(const std::vector<test::Described>& partitions) {
        boot_ = tree::Manifest::parse(bundle(partitions));
        boot_fdt_ = std::move(fdt_);
        ASSERT_TRUE(life_.definitions().adopt(*boot_));
    }
    static std::string name(const Done& done) { return done ? "" : std::string(done.error().name); }
    /// Until everything is built and scrubbed.
    void settle() {
        while (life_.run() == 0) {}
    }
    std::string carried_out(const Done& done) {
        settle();
        return name(done);
    }
    std::string start(std::string_view who, bool force = false) { return carried_out(life_.start(who, force)); }
    std::string stop(std::string_view who, bool force = false) { return carried_out(life_.stop(who, force)); }
    std::string reset(std::string_view who) { return carried_out(life_.reset(who)); }
    std::string remove(std::string_view who) { return carried_out(life_.remove(who)); }
    Partition& partition(std::string_view who) { return *roster_.find(who); }
    bool is_starting(std::string_view who) { return !life_.started(who); }
    void end_itself(std::string_view who, StopReason reason) {
        Partition& it = partition(who);
        it.stop_reason = reason;
        it.state = PartitionState::off;
        life_.ended(it);
        settle();
    }
    Partition& arrive(std::string_view who, std::uint32_t entitled = 5) {
        const auto created =
            test::create_empty(roster_, {.name = who, .memory = mib(16), .entitled_capacity = entitled});
        EXPECT_TRUE(created);
        roster_.start(**created);
        life_.arrived(**created);
        return **created;
    }
    /// As the mover does it when it runs at the other machine.
    void leave(std::string_view who) {
        partition(who).state = PartitionState::suspended;
        life_.left(partition(who));
        roster_.destroy(partition(who));
        settle();
    }
    std::vector<std::string> status() {
        std::vector<std::string> lines;
        while (const auto next = local_.listed(lines.size()))
            lines.push_back(fmt::format("{} {} {} {}", next->name, next->state, next->from, next->entitled_capacity));
        return lines;
    }

    partition::Resources resources_{.frames = frames, .processor = {}, .table_format = hpt::Format::odd};
    partition::Dispatcher dispatcher_{512'000'000};
    partition::Roster roster_{resources_, dispatcher_};
    LifeCycle life_{roster_, frames, mover_, *this, true};
    migrate::Mover mover_{roster_, frames, {.timebase_frequency = 512'000'000}, life_};
    test::PipeNetwork network_;
    dual::Attendant attendant_{roster_, frames, 512'000'000};
    LocalMachine local_{{}, frames, roster_, dispatcher_, mover_, attendant_, life_, network_, 0};
    std::vector<std::string> events_;
    std::unique_ptr<FdtBuilder> fdt_, boot_fdt_;
    std::expected<tree::Manifest, tree::ManifestError> boot_;
    Bytes before_ = 0;
};

TEST_F(LifeCycleTest, CyclesLeaveNothingBehind) {
    for (int cycle = 0; cycle < 5; ++cycle) {
        ASSERT_EQ(define({{"a"}, {"b", 32}}), "");
        EXPECT_THAT(status(), ElementsAre("a defined operator 10", "b defined operator 10"));
        ASSERT_EQ(start("a"), "");
        ASSERT_EQ(start("b"), "");
        EXPECT_THAT(status(), ElementsAre("a running operator 10", "b running operator 10"));
        EXPECT_EQ(partition("b").memory.size(), mib(32));
        const std::array secret = {std::byte{1}, std::byte{2}};
        ASSERT_TRUE(partition("a").memory.write({mib(15)}, secret));
        ASSERT_EQ(stop("a"), "");
        ASSERT_EQ(start("a"), "") << "the definition stays";
        ASSERT_EQ(stop("b"), "");
        ASSERT_EQ(stop("a"), "");
        const Bytes stopped = free();
        ASSERT_EQ(remove("a"), "");
        EXPECT_EQ(free(), stopped) << "the other one needs the bundle";
        EXPECT_THAT(status(), ElementsAre("b defined operator 10"));
        ASSERT_EQ(remove("b"), "");
        ASSERT_EQ(free(), before_);
    }
    EXPECT_EQ(dispatcher_.pool().entitled, 0u);
    EXPECT_TRUE(std::ranges::all_of(machine.memory_, [](std::byte b) { return b == std::byte{0}; })) << "scrubbed";
}

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

TEST_F(LifeCycleTest, ResetStartsAnewInTheSamePlace) {
    ASSERT_EQ(define({{"a", 16, 90}, {"b"}}), "");
    ASSERT_EQ(start("a"), "");
    ASSERT_EQ(start("b"), "");
    const Bytes running = free();
    const std::array mark = {std::byte{0x77}};
    ASSERT_TRUE(partition("a").memory.write({mib(1)}, mark));
    events_.clear();
    partition("a").terminals[0].session = 3;
    const auto written = [&] { return partition::kept_of(partition("a"), 0); };
    ASSERT_EQ(reset("a"), "") << "all that is left is its own";
    EXPECT_EQ(partition("a").terminals[0].session, 3u) << "whoever is at a terminal stays there";
    EXPECT_THAT(events_, ElementsAre("ending a", "starting a anew"));
    EXPECT_EQ(partition("a").lpid, 1u);
    EXPECT_EQ(partition("a").share.claim.entitled, 90u);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 0u);
    std::array<std::byte, 1> seen{};
    ASSERT_TRUE(partition("a").memory.read({mib(1)}, seen));
    EXPECT_EQ(seen[0], std::byte{0});
    ASSERT_TRUE(partition("a").memory.read({0}, seen));
    EXPECT_EQ(seen[0], std::byte{0x11}) << "the kernel";
    EXPECT_EQ(partition("a").state, PartitionState::running);
    EXPECT_EQ(free(), running);
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(partition("a").lpid, 1u);
    EXPECT_EQ(dispatcher_.pool().unallocated(), 0u);
    EXPECT_EQ(free(), running);
    EXPECT_FALSE(life_.over());
    events_.clear();
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(written(), 0u);
    ASSERT_TRUE(partition("a").terminals[0].write(std::array<std::uint8_t, 3>{'b', 'y', 'e'}));
    std::array<std::uint8_t, 8> taken{};
    partition::take_written(partition("a"), 0, taken);
    EXPECT_EQ(written(), 3u);
    EXPECT_EQ(reset("a"), "");
    EXPECT_EQ(written(), 3u) << "what it wrote before stays readable";
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(written(), 3u);
    events_.clear();
    end_itself("a", StopReason::reboot);
    EXPECT_EQ(stop("a"), "");
    EXPECT_EQ(start("a"), "");
    EXPECT_EQ(written(), 0u) << "but not when it has been given back";
    EXPECT_THAT(events_, ElementsAre("ending a", "starting a anew", "ending a", "starting a"));
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

TEST_F(LifeCycleTest, WhoTakesTheLastMemoryKeepsNobodyFromStartingAnew) {
    ASSERT_EQ(define({{"a"}}), "");
    ASSERT_EQ(start("a"), "");
    const auto fill = [&] {
        while (life_.reserve(1)) {} // uploads that do not come
        while (frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor)) {}
        ASSERT_EQ(frames.available(), 0u);
    };
    fill();
    end_itself("a", StopReason::reboot);
    ASSERT_NE(roster_.find("a"), nullptr) << machine.log_.back();
    EXPECT_EQ(partition("a").state, PartitionState::running);
    fill();
    EXPECT_EQ(reset("a"), "");
    EXPECT_EQ(partition("a").state, PartitionState::running);
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

TEST_F(LifeCycleTest, TheMachineEndsWithItsLastPartitionUnlessAnOperatorHasAHandInIt) {
    adopt({{"a"}, {"b"}});
    EXPECT_THAT(status(), ElementsAre("a defined boot 10", "b defined boot 10"));
    for (const char* who : {"a", "b"})
        ASSERT_TRUE(life_.start_at_once(*life_.definitions().find(who)));
    end_itself("a", StopReason::power_off);
    EXPECT_FALSE(life_.over());
    EXPECT_EQ(stop("b"), "");
    EXPECT_FALSE(life_.over()) << "the last one has not ended by itself";
    EXPECT_EQ(start("b"), "");
    end_itself("b", StopReason::last_stopped);
    EXPECT_TRUE(life_.over());
    ASSERT_EQ(define({{"c"}}), "");
    ASSERT_EQ(start("c"), "");
    end_itself("c", StopReason::power_off);
    EXPECT_FALSE(life_.over()) << "whoever has defined it may start it again";
    EXPECT_EQ(remove("c"), "");
    EXPECT_FALSE(life_.over());
    const Bytes with_boot_bundle = free();
    EXPECT_EQ(remove("a"), "");
    EXPECT_EQ(free(), with_boot_bundle);
    EXPECT_EQ(remove("b"), "");
    EXPECT_EQ(free(), before_) << "but for the bundle itself, which firmware has put there";
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

TEST_F(LifeCycleTest, TheMachineDoesNotEndBeforeItHasAnswered) {
    machine.advance(1);
    adopt({{"a"}, {"b"}});
    for (const char* who : {"a", "b"})
        ASSERT_TRUE(life_.start_at_once(*life_.definitions().find(who)));
    ASSERT_TRUE(life_.stop("b", false));
    life_.operator_waits();
    end_itself("a", StopReason::power_off);
    EXPECT_FALSE(life_.over()) << "b is still being scrubbed";
    life_.operator_answered();
    EXPECT_FALSE(life_.over()) << "the answer is on its way";
    machine.advance(200 * net::ticks_per_millisecond());
    EXPECT_TRUE(life_.over());
}

TEST_F(LifeCycleTest, AStartAndAScrubTakeManySteps) {
    machine.step_ = net::ticks_per_millisecond(); // no step does more than it must
    ASSERT_EQ(define({{"a"}, {"b"}}), "");
    ASSERT_TRUE(life_.start("a", false));
    unsigned rounds = 0;
    for (; is_starting("a"); ++rounds) {
        EXPECT_EQ(life_.run(), 0u) << "at once again";
        if (rounds == 10) {
            EXPECT_THAT(status(), ElementsAre("a starting operator 10", "b defined operator 10"));
            EXPECT_EQ(name(life_.start("a", true)), "starting");
            EXPECT_EQ(partition("a").state, PartitionState::empty);
            ASSERT_TRUE(life_.start("b", false)) << "two at a time";
        }
    }
    EXPECT_GT(rounds, 100u) << "16 MiB are 256 frames";
    EXPECT_EQ(partition("a").state, PartitionState::running);
    EXPECT_TRUE(is_starting("b")) << "one half as far as the other";
    settle();
    EXPECT_EQ(partition("b").state, PartitionState::running);

    const Bytes running = free();
    ASSERT_TRUE(life_.stop("a", false));
    const Bytes frames_of_one = frames.total(FrameState::dirty);
    EXPECT_EQ(free(), running) << "nothing is free that is not scrubbed";
    EXPECT_GT(frames_of_one, mib(16)) << "with its page table and what the roster has of it";
    const std::uint64_t mark = frames.mark();
    for (rounds = 0; !frames.was_scrubbed(mark); ++rounds)
        EXPECT_EQ(life_.run(), 0u);
    EXPECT_GT(rounds, 100u);
    EXPECT_EQ(frames.total(FrameState::dirty), 0u);
    EXPECT_EQ(free(), running + frames_of_one);
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

TEST_F(LifeCycleTest, WhoStartsItselfAnewIsAnOperatorsAgain) {
    machine.step_ = net::ticks_per_millisecond() / 20;
    ASSERT_EQ(define({{"hostile"}, {"victim"}}), "");
    ASSERT_EQ(start("hostile"), "");
    ASSERT_EQ(start("victim"), "");
    partition("victim").share.contenders[0]->state = partition::Contender::State::ready;
    const auto reboot = [&] {
        Partition& hostile = partition("hostile");
        hostile.stop_reason = StopReason::reboot;
        hostile.state = PartitionState::off;
        life_.ended(hostile);
        while (frames.scrub_one()) {}
        life_.run();
        EXPECT_NE(life_.run(), 0u) << "it gets little";
        EXPECT_TRUE(is_starting("hostile"));
    };
    reboot();
    ASSERT_TRUE(life_.reset("hostile"));
    EXPECT_EQ(life_.run(), 0u) << "what an operator wants does not wait";
    settle();
    EXPECT_EQ(partition("hostile").state, PartitionState::running);
    reboot();
    EXPECT_EQ(stop("hostile"), "");
    EXPECT_EQ(roster_.find("hostile"), nullptr);
    ASSERT_EQ(start("hostile"), "");
    reboot();
    EXPECT_EQ(remove("hostile"), "");
    EXPECT_THAT(status(), ElementsAre("victim running operator 10"));
}

TEST_F(LifeCycleTest, WhatIsBeingScrubbedCanBeStartedAgainAtOnce) {
    ASSERT_EQ(define({{"a", 64}}), "");
    ASSERT_EQ(start("a"), "");
    std::array mark = {std::byte{0x77}};
    ASSERT_TRUE(partition("a").memory.write({mib(63)}, mark));
    ASSERT_TRUE(life_.stop("a", false));
    ASSERT_LT(free(), mib(64));
    ASSERT_EQ(start("a"), "") << "though nothing has been scrubbed yet";
    ASSERT_TRUE(partition("a").memory.read({mib(63)}, mark));
    EXPECT_EQ(mark[0], std::byte{0});
    EXPECT_EQ(stop("a"), "");
    EXPECT_EQ(remove("a"), "");
    EXPECT_EQ(free(), before_);
}

TEST_F(LifeCycleTest, OneThatStartsAgainAndAgainHoldsUpNobody) {
    machine.step_ = net::ticks_per_millisecond();
    ASSERT_EQ(define({{"hostile"}, {"a"}}), "");
    ASSERT_EQ(start("hostile"), "");
    ASSERT_TRUE(life_.start("a", false));
    const auto reboot = [&] {
        Partition& hostile = partition("hostile");
        if (hostile.state != PartitionState::running)
            return;
        hostile.stop_reason = StopReason::reboot;
        hostile.state = PartitionState::off;
        life_.ended(hostile);
    };
    unsigned rounds = 0;
    for (; is_starting("a") && rounds < 10'000; ++rounds) {
        reboot();
        life_.run();
    }
    EXPECT_EQ(partition("a").state, PartitionState::running) << rounds;
    ASSERT_TRUE(life_.stop("a", false));
    const std::uint64_t mark = frames.mark();
    for (rounds = 0; !frames.was_scrubbed(mark) && rounds < 10'000; ++rounds) {
        reboot();
        life_.run();
    }
    EXPECT_TRUE(frames.was_scrubbed(mark));
}

TEST_F(LifeCycleTest, WhoStartsItselfAnewGetsATwentiethWhileOthersWait) {
    const std::uint64_t window = 10 * net::ticks_per_millisecond();
    ASSERT_EQ(define({{"hostile"}, {"victim"}, {"ordered"}}), "");
    ASSERT_EQ(start("hostile"), "");
    ASSERT_EQ(start("victim"), "");
    machine.step_ = net::ticks_per_millisecond() / 20;
    partition("victim").share.contenders[0]->state = partition::Contender::State::ready;
    end_itself("hostile", StopReason::reboot);
    unsigned windows = 0;
    for (; is_starting("hostile") && windows < 1000; ++windows) {
        const std::uint64_t begin = machine.ticks_;
        EXPECT_NE(life_.run(), 0u);
        EXPECT_NE(life_.run(), 0u) << "nothing more";
        EXPECT_LT(machine.ticks_ - begin, window / 10);
        machine.advance(window);
    }
    EXPECT_GT(windows, 10u);
    EXPECT_LT(windows, 1000u);
    // What an operator orders does not wait for that; nor does it where nobody else wants the processors.
    EXPECT_EQ(start("ordered"), "");
    EXPECT_EQ(partition("ordered").state, PartitionState::running);
    partition("victim").share.contenders[0]->state = partition::Contender::State::waits;
    end_itself("hostile", StopReason::reboot);
    EXPECT_FALSE(is_starting("hostile"));
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

TEST_F(LifeCycleTest, TheMachineDoesNotEndUnderABundleThatIsComing) {
    adopt({{"a"}});
    ASSERT_TRUE(life_.start_at_once(*life_.definitions().find("a")));
    const auto coming = bundle({{"b"}});
    const auto given_up = life_.reserve(100);
    const auto memory = life_.reserve(coming.size());
    ASSERT_TRUE(memory && given_up);
    end_itself("a", StopReason::power_off);
    EXPECT_FALSE(life_.over());
    life_.drop(*given_up);
    EXPECT_FALSE(life_.over());
    std::ranges::copy(coming, memory->begin());
    ASSERT_TRUE(life_.define(*memory));
    EXPECT_FALSE(life_.over());
    EXPECT_EQ(start("b"), "");

    end_itself("b", StopReason::power_off);
    EXPECT_EQ(remove("b"), "");
    ASSERT_EQ(start("a"), "");
    const auto lost = life_.reserve(coming.size());
    ASSERT_TRUE(lost);
    end_itself("a", StopReason::power_off);
    EXPECT_FALSE(life_.over());
    life_.drop(*lost);
    EXPECT_TRUE(life_.over()) << "nobody waits for anything any more";
    EXPECT_FALSE(life_.reserve(gib(1)));
    EXPECT_TRUE(life_.over());
}

} // namespace
} // namespace transom::manage

// SPDX-License-Identifier: Apache-2.0
#include "memory_pipe.hpp"
#include "partition_builder.hpp"

#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <transom/base/bits.hpp>
#include <transom/dual/attendant.hpp>
#include <transom/migrate/mover.hpp>

namespace transom::migrate {
namespace {

using memory::FrameState;
using partition::PartitionState;

constexpr MachineFacts facts{.processor_version = 0x004e1200,
                             .mmu = Mmu::hashed_3_0,
                             .page_sizes = 0x1011000,
                             .timebase_frequency = 512000000,
                             .initial_msr = 0x8000000000001000};
constexpr Bytes machine_size = mib(64);
constexpr std::uint64_t never = ~std::uint64_t{0};

/// Memory comes before all that takes some of it.
struct TwinMemory {
    explicit TwinMemory(RealAddr begin) : states((begin + machine_size).value / memory::frame_size), frames(states) {
        frames.add({begin, machine_size});
    }
    std::vector<FrameState> states;
    memory::Frames frames;
};

/// One of two machines that share the fake one's memory.
struct TwinMachine final : TwinMemory, MoveObserver {
    explicit TwinMachine(RealAddr begin) : TwinMemory(begin) {}
    void arrived(partition::Partition& p) override { events.push_back("arrived " + std::string(p.name())); }
    bool name_is_taken(std::string_view name) const override { return name == taken_name; }
    void left(partition::Partition& p) override { events.push_back("left " + std::string(p.name())); }

    partition::Partition& build(std::string_view name, bool large_pages = false) {
        const auto built = test::create_empty(
            roster, {.name = name, .memory = mib(16), .granule = kib(64), .large_pages = large_pages});
        EXPECT_TRUE(built);
        roster.start(**built);
        return **built;
    }

    void end(std::string_view name) {
        partition::Partition& partition = *roster.find(name);
        partition.state = PartitionState::off;
        roster.destroy(partition);
        while (frames.scrub_one()) {}
    }

    partition::Resources resources{.frames = frames, .processor = {}, .table_format = hpt::Format::odd};
    partition::Dispatcher dispatcher{512000000};
    partition::Roster roster{resources, dispatcher};
    Mover mover{roster, frames, facts, *this};
    dual::Attendant attendant{roster, frames, 512000000};
    std::vector<std::string> events;
    std::string taken_name;
};

class MoverTest : public testing::Test {
  protected:
    MoverTest() {
        EXPECT_TRUE(b.mover.listen(network));
        free_at_start = a.frames.total(FrameState::free);
    }

    std::expected<void, Failure> move(std::string_view name, std::optional<std::uint64_t> corrupt = {}) {
        const auto started = a.mover.move(network, name, {0x0a4d0002}, migration_port, corrupt);
        go_on();
        return started;
    }
    /// Until neither machine has more to do.
    void go_on() {
        for (int round = 0; round < 100'000; ++round) {
            machine.advance(100);
            const bool moved = network.pump();
            const bool waits = a.mover.run() != 0 && b.mover.run() != 0;
            const bool drained = a.attendant.run() == never && b.attendant.run() == never;
            if (waits && drained && !moved && !network.pump())
                break;
        }
        for (TwinMachine* twin : {&a, &b})
            while (twin->frames.scrub_one()) {}
    }

    arch::FakeMachine machine{2 * machine_size};
    TwinMachine a{arch::fake_real_base};
    TwinMachine b{arch::fake_real_base + machine_size};
    test::PipeNetwork network;
    Bytes free_at_start = 0;
};

TEST_F(MoverTest, MovesAPartitionWithAllItHasAndLeavesNothingBehind) {
    const Bytes free_at_a = a.frames.total(FrameState::free);
    partition::Partition& here = a.build("linux");
    const Be<std::uint64_t> mark = 0x1122334455667788;
    ASSERT_TRUE(here.memory.store(LogicalAddr{mib(9) + 8}, mark));
    const RealAddr was = *here.memory.translate(LogicalAddr{mib(9)});

    ASSERT_TRUE(move("linux"));

    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(b.mover.progress().state, MoveState::completed);
    EXPECT_EQ(a.roster.find("linux"), nullptr);
    partition::Partition* there = b.roster.find("linux");
    ASSERT_NE(there, nullptr);
    EXPECT_EQ(there->state, PartitionState::running);
    EXPECT_EQ(*there->memory.load<Be<std::uint64_t>>(LogicalAddr{mib(9) + 8}), 0x1122334455667788u);
    EXPECT_THAT(a.events, testing::ElementsAre("left linux"));
    EXPECT_THAT(b.events, testing::ElementsAre("arrived linux"));
    // Its memory is scrubbed and free; only the digests stay.
    EXPECT_EQ(load_be<std::uint64_t>(arch::real_pointer(was + 8)), 0u);
    EXPECT_EQ(a.frames.total(FrameState::partition), 0u);
    EXPECT_EQ(a.frames.total(FrameState::free), free_at_a - memory::frame_size);
}

// With its second page table at the target, which is gone when everything is there.
TEST_F(MoverTest, RunsBeforeItsMemoryHasCome) {
    partition::Partition& here = a.build("linux");
    for (std::uint64_t page = 0; page < mib(16) / kib(64); ++page)
        ASSERT_TRUE(here.memory.store(LogicalAddr{page * kib(64)}, Be<std::uint64_t>{page + 1}));
    const Bytes free_at_b = b.frames.total(FrameState::free);
    ASSERT_TRUE(
        a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}, Fit::same_version, MoveMode::post_copy));
    while (b.mover.progress().state != MoveState::post_copying && a.mover.progress().in_progress()) {
        machine.advance(100);
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    partition::Partition& there = *b.roster.find("linux");
    ASSERT_EQ(there.state, PartitionState::running);
    EXPECT_EQ(there.dual->phase(), dual::Phase::dual);
    EXPECT_EQ(there.memory.load<Be<std::uint64_t>>(LogicalAddr{mib(15)}).error(), memory::AccessError::missing);
    EXPECT_EQ(there.memory.missed(), LogicalAddr{mib(15)});
    go_on();
    ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(*there.memory.load<Be<std::uint64_t>>(LogicalAddr{mib(15)}), mib(15) / kib(64) + 1);
    EXPECT_FALSE(there.dual->active());
    EXPECT_FALSE(there.dual->has_memory());
    b.end("linux");
    EXPECT_EQ(b.frames.total(FrameState::free), free_at_b - memory::frame_size) << "all but the digests";
}

// It may have to run there before all has come; where it does not, nothing of that is left.
TEST_F(MoverTest, AHybridMoveThatConvergesLeavesNoSecondPageTable) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
    EXPECT_FALSE(b.roster.find("linux")->dual->has_memory());
}

TEST_F(MoverTest, ACancelledMoveGivesTheSecondPageTableBack) {
    partition::Partition& here = a.build("linux");
    const Bytes free = a.frames.available();
    for (std::uint64_t page = 0; page < mib(16) / kib(64); ++page) // a step does not send all of it
        ASSERT_TRUE(here.memory.store(LogicalAddr{page * kib(64)}, Be<std::uint64_t>{page + 1}));
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    while (a.mover.progress().state != MoveState::pre_copying && a.mover.progress().in_progress()) {
        machine.advance(100);
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    ASSERT_EQ(a.mover.progress().state, MoveState::pre_copying);
    EXPECT_TRUE(here.dual->active());
    EXPECT_LT(a.frames.total(FrameState::free), free);
    EXPECT_TRUE(a.mover.cancel());
    EXPECT_TRUE(here.dual->active()) << "its processors go back first";
    const auto again = a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().error, MoveError::busy);
    for (int round = 0; round < 100; ++round)
        a.attendant.run();
    EXPECT_FALSE(here.dual->active());
    EXPECT_EQ(a.attendant.drained().tables, 1u);
    go_on();
    EXPECT_EQ(a.frames.available(), free);
    EXPECT_EQ(here.state, PartitionState::running);
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(MoverTest, WhatAPartitionWasOfferedItStillHasAfterTheMove) {
    a.build("linux", true);
    ASSERT_TRUE(move("linux"));
    EXPECT_TRUE(b.roster.find("linux")->hpt.options().large_pages);
}

TEST_F(MoverTest, ATargetThatLacksAFunctionSetIsRefusedIt) {
    partition::Partition& p = a.build("linux");
    using papr::FunctionSet;
    // Neither machine has what these need, so nobody was told of them.
    EXPECT_FALSE(p.allowed_calls.sets().contains(FunctionSet::vphn));
    EXPECT_FALSE(p.allowed_calls.sets().contains(FunctionSet::random));
    const papr::FunctionSets without = p.allowed_calls.sets().without(FunctionSet::vasi);
    p.allowed_calls.allow(papr::FunctionSets::from_bits(without.bits() | std::uint64_t{1} << 60));
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::refused);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::function_sets);
    EXPECT_EQ(b.roster.size(), 0u);
    // What it has not, it has not there either.
    p.allowed_calls.allow(without);
    ASSERT_TRUE(move("linux"));
    ASSERT_NE(b.roster.find("linux"), nullptr);
    EXPECT_EQ(b.roster.find("linux")->allowed_calls.sets(), without);
}

TEST_F(MoverTest, APartitionGoesWhereItsProtectionIsEnough) {
    constexpr std::uint64_t flush_by_ori = ibm_bit(2), flush_by_trig2 = ibm_bit(3);                     // character
    constexpr std::uint64_t favour_security = ibm_bit(0), flush = ibm_bit(1), count_cache = ibm_bit(5); // behaviour
    a.resources.cpu_characteristics = {flush_by_ori, favour_security | flush};
    partition::Partition& p = a.build("linux");
    ASSERT_EQ(p.cpu_characteristics, a.resources.cpu_characteristics);
    const auto refusal = [&] {
        EXPECT_TRUE(move("linux"));
        EXPECT_EQ(a.mover.progress().state, MoveState::refused);
        EXPECT_EQ(a.mover.progress().failure.error, MoveError::cpu_characteristics);
        EXPECT_EQ(b.roster.size(), 0u);
        return std::string(a.mover.progress().failure.text());
    };
    // A machine that says nothing of its processors has nothing on which the partition could rely.
    b.resources.cpu_characteristics = {};
    EXPECT_THAT(refusal(), testing::HasSubstr("lack character 0x2000000000000000"));
    b.resources.cpu_characteristics = {flush_by_trig2, favour_security | flush};
    EXPECT_THAT(refusal(), testing::HasSubstr("lack character 0x2000000000000000"));
    b.resources.cpu_characteristics = {flush_by_ori, favour_security | flush | count_cache};
    EXPECT_THAT(refusal(), testing::HasSubstr("need behaviour 0x400000000000000,"));
    // One with more help and fewer needs. What the partition was told it is told there too,
    b.resources.cpu_characteristics = {flush_by_ori | flush_by_trig2, favour_security};
    ASSERT_TRUE(move("linux"));
    partition::Partition* there = b.roster.find("linux");
    ASSERT_NE(there, nullptr) << a.mover.progress().failure.text();
    EXPECT_EQ(there->cpu_characteristics, a.resources.cpu_characteristics);
    // and with that it can go back, where one that was built there could not.
    b.build("other");
    ASSERT_TRUE(a.mover.listen(network)); // the pipe leads to the one that listened last
    ASSERT_TRUE(b.mover.move(network, "other", {0x0a4d0001}, migration_port, {}));
    go_on();
    EXPECT_EQ(b.mover.progress().failure.error, MoveError::cpu_characteristics);
    ASSERT_TRUE(b.mover.move(network, "linux", {0x0a4d0001}, migration_port, {}));
    go_on();
    EXPECT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
}

TEST_F(MoverTest, APartitionKeepsTheFacilitiesThatItWasToldOfAndNoOthers) {
    a.resources.facilities = {.second_watchpoint = false, .interrupts_at_0x18000 = false};
    b.resources.facilities = {.second_watchpoint = true, .interrupts_at_0x18000 = true};
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    partition::Partition* there = b.roster.find("linux");
    ASSERT_NE(there, nullptr) << a.mover.progress().failure.text();
    EXPECT_EQ(there->facilities, a.resources.facilities);
    // With that it can go back, where one that was built there can not.
    ASSERT_TRUE(a.mover.listen(network)); // the pipe leads to the one that listened last
    ASSERT_TRUE(b.mover.move(network, "linux", {0x0a4d0001}, migration_port, {}));
    go_on();
    EXPECT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
    b.build("other");
    const auto refusal = [&] {
        EXPECT_TRUE(b.mover.move(network, "other", {0x0a4d0001}, migration_port, {}, Fit::same_generation));
        go_on();
        EXPECT_EQ(b.mover.progress().state, MoveState::refused);
        EXPECT_EQ(b.mover.progress().failure.error, MoveError::facilities);
        EXPECT_EQ(b.roster.find("other")->state, PartitionState::running);
        return std::string(b.mover.progress().failure.text());
    };
    EXPECT_THAT(refusal(), testing::HasSubstr("DAWR1"));
    a.resources.facilities.second_watchpoint = true;
    EXPECT_THAT(refusal(), testing::HasSubstr("0x18000"));
}

TEST_F(MoverTest, AnOtherProcessorOfTheGenerationIsEnoughWhereTheOperatorSaysSo) {
    MachineFacts newer = facts;
    newer.processor_version = 0x004e1202;
    Mover mover(b.roster, b.frames, newer, b);
    ASSERT_TRUE(mover.listen(network));
    a.build("linux");
    const auto try_with = [&](Fit fit) {
        EXPECT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}, fit));
        for (int round = 0; round < 100'000; ++round) {
            machine.advance(100);
            const bool moved = network.pump();
            if (a.mover.run() != 0 && mover.run() != 0 && !moved && !network.pump())
                break;
        }
        return a.mover.progress().state;
    };
    EXPECT_EQ(try_with(Fit::same_version), MoveState::refused);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::processor_version);
    EXPECT_THAT(std::string(a.mover.progress().failure.text()), testing::HasSubstr("see compat"));
    EXPECT_EQ(try_with(Fit::same_generation), MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_NE(b.roster.find("linux"), nullptr);
}

TEST_F(MoverTest, DedicatedProcessorsMoveWhereThereAreSome) {
    partition::Partition& p = a.build("linux");
    p.share.claim = {.entitled = 100, .weight = 0, .capped = true, .processors = partition::Processors::donating};
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::entitled_capacity);
    EXPECT_THAT(std::string(a.mover.progress().failure.text()), testing::HasSubstr("0 left to dedicate"));
    b.dispatcher.set_processors(2);
    ASSERT_TRUE(move("linux"));
    ASSERT_NE(b.roster.find("linux"), nullptr);
    EXPECT_EQ(b.roster.find("linux")->share.claim.processors, partition::Processors::donating);
    EXPECT_EQ(b.dispatcher.pool().dedicated, 1u);
}

TEST_F(MoverTest, AClaimToTheProcessorsMovesWhereThereIsSoMuchLeft) {
    partition::Partition& p = a.build("linux");
    b.build("other");
    ASSERT_EQ(b.roster.unallocated_capacity(), 95u);
    p.share.claim = {.entitled = 96, .weight = 7, .capped = true};
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::refused);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::entitled_capacity);
    EXPECT_EQ(b.roster.find("linux"), nullptr);
    p.share.claim.entitled = 95;
    ASSERT_TRUE(move("linux"));
    ASSERT_NE(b.roster.find("linux"), nullptr);
    const partition::CapacityClaim& claim = b.roster.find("linux")->share.claim;
    EXPECT_EQ(claim.entitled, 95u);
    EXPECT_EQ(claim.weight, 7);
    EXPECT_TRUE(claim.capped);
    EXPECT_EQ(b.roster.unallocated_capacity(), 0u);
}

TEST_F(MoverTest, WhatTheTargetHasNotIsRefusedInTheOrderOfTheDocument) {
    partition::Partition& p = a.build("linux");
    const papr::FunctionSets sets = p.allowed_calls.sets();
    p.allowed_calls.allow(papr::FunctionSets::from_bits(sets.bits() | std::uint64_t{1} << 60));
    b.taken_name = "linux";
    b.resources.cpu_characteristics = {0, ~std::uint64_t{0}};
    p.facilities.second_watchpoint = true;
    p.share.claim.entitled = 96;
    for (const char* name : {"one", "two", "three"})
        b.build(name);
    const std::vector<std::pair<MoveError, std::function<void()>>> walk{
        {MoveError::partition_name, [&] { b.taken_name.clear(); }},
        {MoveError::function_sets, [&] { p.allowed_calls.allow(sets); }},
        {MoveError::cpu_characteristics, [&] { b.resources.cpu_characteristics = p.cpu_characteristics; }},
        {MoveError::facilities, [&] { p.facilities.second_watchpoint = false; }},
        {MoveError::entitled_capacity, [&] { p.share.claim.entitled = 5; }},
        {MoveError::memory, [&] { b.end("one"); }},
    };
    for (const auto& [error, mend] : walk) {
        ASSERT_TRUE(move("linux"));
        EXPECT_EQ(a.mover.progress().state, MoveState::refused);
        EXPECT_EQ(a.mover.progress().failure.error, error) << a.mover.progress().failure.text();
        mend();
    }
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(MoverTest, WhatArrivesIsScrubbedALittleAtATime) {
    a.build("linux");
    machine.step_ = 10'000; // a step takes no more than 25 looks at the clock
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    unsigned steps = 0;
    for (; a.mover.progress().agreed_at == 0 && steps < 1000; ++steps) {
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    EXPECT_GT(steps, 10u);
    EXPECT_LT(steps, 1000u);
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(MoverTest, BothEndsKeepTheDigestsOfTheLastMove) {
    a.build("linux");
    EXPECT_TRUE(a.mover.digests("linux").empty());
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.digests("linux").size(), mib(16) / kib(64));
    EXPECT_THAT(b.mover.digests("linux"), testing::ElementsAreArray(a.mover.digests("linux")));
    EXPECT_TRUE(a.mover.digests("other").empty());
}

TEST_F(MoverTest, WhatComesToNothingTakesNoDigestsAway) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    const std::size_t granules = mib(16) / kib(64);
    const auto kept = [&] {
        return a.mover.digests("linux").size() == granules && b.mover.digests("linux").size() == granules;
    };
    ASSERT_TRUE(kept());

    // Orders that are refused at once.
    a.build("other");
    EXPECT_EQ(move("other", granules).error().error, MoveError::page_range);
    EXPECT_EQ(a.mover.move(network, "other", {}, migration_port, {}).error().error, MoveError::no_connection);
    EXPECT_TRUE(kept());
    // One that the target refuses, and one that is cancelled when the target has built it.
    b.build("other");
    ASSERT_TRUE(move("other"));
    EXPECT_EQ(a.mover.progress().state, MoveState::refused);
    EXPECT_TRUE(kept());
    b.end("other");
    ASSERT_TRUE(a.mover.move(network, "other", {0x0a4d0002}, migration_port, {}));
    for (int round = 0; round < 1000 && b.roster.find("other") == nullptr; ++round) {
        machine.advance(100);
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    ASSERT_NE(b.roster.find("other"), nullptr);
    EXPECT_TRUE(a.mover.cancel());
    go_on();
    EXPECT_EQ(b.mover.progress().state, MoveState::failed);
    EXPECT_TRUE(kept());
    EXPECT_TRUE(b.mover.digests("other").empty());

    // One that is completed has its own instead; nobody holds two tables for long.
    const Bytes free = b.frames.total(FrameState::free);
    ASSERT_TRUE(move("other"));
    EXPECT_TRUE(a.mover.digests("linux").empty());
    EXPECT_EQ(a.mover.digests("other").size(), granules);
    EXPECT_EQ(b.mover.digests("other").size(), granules);
    b.end("other");
    EXPECT_EQ(b.frames.total(FrameState::free), free);
}

TEST_F(MoverTest, TheLastDigestsGiveWayWhereMemoryIsShort) {
    a.build("linux");
    ASSERT_TRUE(move("linux"));
    a.build("other");
    const auto for_page_states = a.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor);
    while (a.frames.allocate(memory::frame_size, memory::frame_size, FrameState::hypervisor)) {}
    a.frames.release({*for_page_states, memory::frame_size}, FrameState::hypervisor);
    const std::size_t granules = mib(16) / kib(64);
    EXPECT_EQ(move("other", granules).error().error, MoveError::page_range);
    EXPECT_EQ(a.mover.digests("linux").size(), granules) << "not for an order that is refused";
    ASSERT_TRUE(
        a.mover.move(network, "other", {0x0a4d0002}, migration_port, {}, Fit::same_version, MoveMode::stop_and_copy));
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_EQ(a.mover.digests("other").size(), granules);
}

TEST_F(MoverTest, ADoubtKeepsItsDigestsWhateverElseMoves) {
    const std::size_t granules = mib(16) / kib(64);
    const auto move_into_doubt = [&](std::string_view name) {
        network.cut_backward = 19 * sizeof(RecordHeader) + sizeof(HelloReplyRecord) + round_trips * sizeof(PongRecord) +
                               sizeof(TotalsRecord) + sizeof(RunningRecord) - 1;
        a.build(name);
        EXPECT_TRUE(move(name));
        EXPECT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
        network.cut_backward = ~std::uint64_t{0};
        b.end(name);
    };
    move_into_doubt("first");
    a.build("other");
    EXPECT_EQ(move("other", granules).error().error, MoveError::page_range);
    ASSERT_TRUE(move("other"));
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    move_into_doubt("second");
    // One arrives meanwhile.
    ASSERT_TRUE(a.mover.listen(network));
    ASSERT_TRUE(b.mover.move(network, "other", {0x0a4d0001}, migration_port, {}));
    go_on();
    ASSERT_EQ(b.mover.progress().state, MoveState::completed) << b.mover.progress().failure.text();
    EXPECT_EQ(a.mover.digests("other").size(), granules);
    ASSERT_TRUE(a.mover.settle("first", Owner::peer));
    EXPECT_EQ(a.mover.digests("first").size(), granules);
    ASSERT_TRUE(a.mover.settle("second", Owner::here));
    EXPECT_EQ(a.mover.digests("first").size(), granules);
    for (const char* name : {"other", "second"})
        a.end(name);
    go_on();
    EXPECT_EQ(a.frames.total(FrameState::free), free_at_start - memory::frame_size) << "the last move's are left";
}

TEST_F(MoverTest, AFlippedBitIsInTheDigests) {
    a.build("linux");
    ASSERT_TRUE(move("linux", 7));
    ASSERT_EQ(b.mover.digests("linux").size(), mib(16) / kib(64));
    for (std::size_t i = 0; i < mib(16) / kib(64); ++i)
        EXPECT_EQ(a.mover.digests("linux")[i] == b.mover.digests("linux")[i], i != 7) << i;
}

TEST_F(MoverTest, ANameInUseIsRefusedAndBothGoOn) {
    a.build("linux");
    b.build("linux");
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::refused);
    EXPECT_EQ(a.roster.find("linux")->state, PartitionState::running);
    EXPECT_EQ(b.roster.find("linux")->state, PartitionState::running);
    EXPECT_EQ(b.roster.size(), 1u);
}

TEST_F(MoverTest, NoMemoryAtTheTargetIsRefusedAndTheSourceGoesOn) {
    a.build("linux");
    b.build("one");
    b.build("two");
    b.build("three");
    const Bytes free = b.frames.total(FrameState::free);
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::refused) << a.mover.progress().failure.text();
    EXPECT_EQ(a.roster.find("linux")->state, PartitionState::running);
    EXPECT_EQ(b.frames.total(FrameState::free), free);
}

TEST_F(MoverTest, APartitionThatEndsBeforeItIsStoppedDoesNotMove) {
    partition::Partition& here = a.build("linux");
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    here.state = PartitionState::off; // before anything has happened on the network
    a.mover.ended(here);
    a.roster.destroy(here);
    for (int round = 0; round < 1000; ++round) {
        machine.advance(100);
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    EXPECT_EQ(a.mover.progress().state, MoveState::failed);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::not_running);
    EXPECT_EQ(a.roster.size() + b.roster.size(), 0u);
}

TEST_F(MoverTest, ATakenNameIsRefusedThoughNobodyOfThatNameIsThere) {
    a.build("linux");
    b.taken_name = "linux";
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::refused);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::partition_name);
    EXPECT_EQ(b.roster.size(), 0u);
}

TEST_F(MoverTest, TheTargetCanCancelToo) {
    a.build("linux");
    EXPECT_FALSE(b.mover.cancel());
    ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
    for (int round = 0; round < 1000 && b.roster.size() == 0; ++round) {
        machine.advance(100);
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    ASSERT_EQ(b.roster.size(), 1u);
    EXPECT_TRUE(b.mover.cancel());
    EXPECT_EQ(b.roster.size(), 0u);
    go_on();
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::cancelled);
    EXPECT_EQ(a.roster.find("linux")->state, PartitionState::running);
}

TEST_F(MoverTest, OnlyTheOperatorEndsADoubt) {
    // Each time the connection breaks in the last byte of `running`.
    network.cut_backward = 19 * sizeof(RecordHeader) + sizeof(HelloReplyRecord) + round_trips * sizeof(PongRecord) +
                           sizeof(TotalsRecord) + sizeof(RunningRecord) - 1;
    for (const Owner owner : {Owner::here, Owner::peer}) {
        partition::Partition& here = a.build("linux");
        EXPECT_EQ(a.mover.settle("linux", owner).error().error, MoveError::not_in_doubt);
        EXPECT_EQ(a.mover.settle("nobody", owner).error().error, MoveError::no_such_partition);
        ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {}));
        while (a.mover.progress().in_progress()) {
            machine.advance(100);
            network.pump();
            a.mover.run();
            b.mover.run();
            if (here.state == PartitionState::suspended && a.mover.progress().in_progress()) {
                EXPECT_EQ(a.mover.settle("linux", owner).error().error, MoveError::not_in_doubt);
            }
        }
        go_on();
        ASSERT_EQ(a.mover.progress().state, MoveState::in_doubt) << a.mover.progress().failure.text();
        ASSERT_EQ(here.state, PartitionState::suspended);

        ASSERT_TRUE(a.mover.settle("linux", owner));
        EXPECT_EQ(a.mover.progress().failure.error, MoveError::in_doubt);
        if (owner == Owner::here) {
            EXPECT_EQ(a.mover.progress().state, MoveState::failed);
            EXPECT_EQ(a.roster.find("linux"), &here);
            EXPECT_EQ(here.state, PartitionState::running);
            EXPECT_EQ(a.mover.settle("linux", owner).error().error, MoveError::not_in_doubt);
            a.end("linux");
            b.end("linux");
        } else {
            EXPECT_EQ(a.mover.progress().state, MoveState::completed);
            EXPECT_EQ(a.roster.find("linux"), nullptr);
            EXPECT_EQ(a.mover.digests("linux").size(), mib(16) / kib(64));
            EXPECT_THAT(a.events, testing::ElementsAre("left linux"));
        }
    }
}

TEST_F(MoverTest, WhatIsNotThereCannotMove) {
    const auto started = move("linux");
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().error, MoveError::no_such_partition);
}

TEST_F(MoverTest, MovesBackAgain) {
    partition::Partition& first = a.build("linux");
    ASSERT_TRUE(first.memory.store(LogicalAddr{mib(3)}, Be<std::uint64_t>(42)));
    ASSERT_TRUE(move("linux"));
    ASSERT_TRUE(a.mover.listen(network)); // the pipe leads to the one that listened last
    ASSERT_TRUE(b.mover.move(network, "linux", {0x0a4d0001}, migration_port, {}));
    go_on();
    partition::Partition* back = a.roster.find("linux");
    ASSERT_NE(back, nullptr);
    EXPECT_EQ(b.roster.size(), 0u);
    EXPECT_EQ(*back->memory.load<Be<std::uint64_t>>(LogicalAddr{mib(3)}), 42u);
    EXPECT_EQ(a.mover.progress().role, Role::target);
    EXPECT_EQ(b.mover.progress().role, Role::source);
}

} // namespace
} // namespace transom::migrate

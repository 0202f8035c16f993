// SPDX-License-Identifier: Apache-2.0
#include "mover_fixture.hpp"

#include <functional>
#include <transom/base/bits.hpp>

namespace transom::migrate {
namespace {

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
        EXPECT_TRUE(b.mover.move(network, "other", {0x0a4d0001}, migration_port, {.fit = Fit::same_generation}));
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

// What an operator asks about is the move that there was.
TEST_F(MoverTest, WhoIsTurnedAwayDoesNotHideTheLastMove) {
    a.build("linux");
    b.build("other");
    ASSERT_TRUE(move("linux"));
    ASSERT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    a.build("other");
    ASSERT_TRUE(a.mover.listen(network)); // the pipe leads to the one that listened last
    ASSERT_TRUE(b.mover.move(network, "other", {0x0a4d0001}, migration_port, {}));
    go_on();
    EXPECT_EQ(b.mover.progress().failure.error, MoveError::partition_name) << b.mover.progress().failure.text();
    EXPECT_EQ(a.mover.progress().role, Role::source);
    EXPECT_EQ(a.mover.progress().partition(), "linux");
    ASSERT_TRUE(a.roster.find("other") != nullptr);
    a.end("other");
    ASSERT_TRUE(b.mover.move(network, "other", {0x0a4d0001}, migration_port, {}));
    go_on();
    EXPECT_EQ(a.mover.progress().role, Role::target);
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(MoverTest, AnOtherProcessorOfTheGenerationIsEnoughWhereTheOperatorSaysSo) {
    MachineFacts newer = twin_facts;
    newer.processor_version = 0x004e1202;
    Mover mover(b.roster, b.frames, newer, b);
    ASSERT_TRUE(mover.listen(network));
    a.build("linux");
    const auto try_with = [&](Fit fit) {
        EXPECT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {.fit = fit}));
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

// Of what comes with a large partition nothing is made ready on a machine that cannot have it.
TEST_F(MoverTest, WhatDoesNotFitTakesNothing) {
    const Bytes free_before = b.frames.total(FrameState::free);
    PartitionShape large = shape_of(a.build("linux"));
    large.memory_size = gib(64);
    struct Caller final : net::StreamHandler {
        std::size_t received(std::span<const std::byte> bytes) override { return bytes.size(); }
        void closed(net::CloseReason) override { over = true; }
        bool over = false;
    } caller;
    const auto stream = network.connect({0x0a4d0002}, migration_port, caller);
    ASSERT_TRUE(stream);
    network.pump();
    std::vector<std::byte> buffer(max_record);
    RecordWriter writer(buffer);
    writer.write(RecordType::hello, make_hello(twin_facts, large, Fit::same_version));
    writer.flush(**stream);
    go_on();
    EXPECT_TRUE(caller.over);
    EXPECT_EQ(b.mover.progress().failure.error, MoveError::memory);
    EXPECT_EQ(b.frames.total(FrameState::free), free_before) << "nor is anything dirty now";
}

// It is in nobody's way.
TEST_F(MoverTest, WhoConnectsAndSaysNothingHoldsUpNoMove) {
    a.build("linux");
    struct Silent final : net::StreamHandler {
        std::size_t received(std::span<const std::byte> bytes) override { return bytes.size(); }
        void closed(net::CloseReason) override {}
    } silent;
    test::PipeNetwork to_a;
    ASSERT_TRUE(a.mover.listen(to_a));
    ASSERT_TRUE(to_a.connect({0x0a4d0001}, migration_port, silent));
    to_a.pump();
    EXPECT_FALSE(a.mover.cancel()) << "that is no move";
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
}

TEST_F(MoverTest, ATakenNameIsRefusedThoughNobodyOfThatNameIsThere) {
    a.build("linux");
    b.taken_name = "linux";
    ASSERT_TRUE(move("linux"));
    EXPECT_EQ(a.mover.progress().state, MoveState::refused);
    EXPECT_EQ(a.mover.progress().failure.error, MoveError::partition_name);
    EXPECT_EQ(b.roster.size(), 0u);
}

// Who has shown by its key who it is, and is just saying what it lacks, is not dead, whatever an operator says.
TEST_F(MoverTest, ATargetThatIsHeardIsNotDead) {
    ASSERT_NO_FATAL_FAILURE(run_at_the_target_first());
    for (const auto& end : network.ends)
        end->cut = true;
    for (int rounds = 0; rounds < 100 && !a.mover.recover("linux"); ++rounds)
        round();
    bool heard = false;
    for (int rounds = 0; rounds < 1000 && a.mover.recovery("linux").outcome == Recovery::Outcome::asking; ++rounds) {
        round();
        const auto forced = a.mover.force("linux", Owner::here);
        ASSERT_FALSE(forced);
        if (!forced.error().text().contains("is connected"))
            continue;
        heard = true;
        EXPECT_EQ(a.mover.force("linux", Owner::peer).error().error, MoveError::not_in_doubt);
    }
    EXPECT_TRUE(heard);
    go_on();
    EXPECT_EQ(a.mover.progress().state, MoveState::completed) << a.mover.progress().failure.text();
    EXPECT_NE(b.roster.find("linux"), nullptr);
}

} // namespace
} // namespace transom::migrate

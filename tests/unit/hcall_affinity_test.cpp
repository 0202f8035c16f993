// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"

#include <gtest/gtest.h>
#include <string>
#include <transom/rtas/table.hpp>

// A partition asks at its desk: docs/hcalls/h_affinity.md. Who answers is played by the test.

namespace transom {
namespace {

using affinity::Formula;
using affinity::wire::Input;
using affinity::wire::Job;
using affinity::wire::JobState;
using affinity::wire::Report;
using hcall::Then;
using papr::Op;
using papr::Status;
using About = partition::AffinityQuestion::About;

constexpr std::uint64_t current = 0, found = 1, proposed = 2, request = 3, job = 4, cancel = 5;
constexpr std::uint64_t buffer = 0xa000, room = 4096;

class HcallAffinity : public PartitionTest {
  protected:
    Status affinity(std::uint64_t function, std::uint64_t formula = 0, std::uint64_t at = buffer,
                    std::uint64_t length = room) {
        return status(Op::affinity, {function, formula, at, length});
    }
    partition::AffinityDesk& desk = partition.affinity;

    /// What was asked is answered with so many points, of a place on `nodes` nodes.
    void answer(std::uint64_t points, std::uint16_t nodes = 1) {
        partition::AffinityDesk::Answer answer;
        answer.report.version = affinity::wire::version;
        answer.report.score = points;
        answer.report.count = nodes;
        answer.report.inputs[0].memory = 7;
        ASSERT_NE(desk.question(), nullptr);
        desk.answer(answer, machine.ticks_);
    }
    Report report() const { return *partition.memory.load<Report>({buffer}); }
    JobState told() {
        EXPECT_EQ(affinity(job), Status::success);
        return static_cast<JobState>(std::uint16_t{partition.memory.load<Job>({buffer})->state});
    }
    void set_state(JobState state) {
        Job now{};
        now.state = static_cast<std::uint16_t>(state);
        desk.set_job(now);
    }
};

TEST_F(HcallAffinity, R70_WhoAsksComesAgainForTheAnswer) {
    EXPECT_FALSE(desk.rings());
    const auto first = call(Op::affinity, {current, 0, buffer, room});
    EXPECT_EQ(first.status, Status::long_busy_1_ms);
    EXPECT_EQ(first.then, Then::yield) << "who answers may be waiting for this processor";
    ASSERT_TRUE(desk.rings());
    EXPECT_EQ(desk.question()->about, About::current);
    EXPECT_EQ(desk.question()->formula, Formula::composite);
    EXPECT_EQ(affinity(current), Status::long_busy_1_ms) << "not yet";
    answer(79'600'000, 2);
    EXPECT_FALSE(desk.rings());
    EXPECT_EQ(affinity(current), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 64u) << "40 bytes, and 12 for each node";
    EXPECT_EQ(report().score, 79'600'000u);
    EXPECT_EQ(report().inputs[0].memory, 7u);
    EXPECT_EQ(affinity(current), Status::long_busy_1_ms) << "an answer is given once";
}

TEST_F(HcallAffinity, AFormulaIsNamedByItsNumber) {
    EXPECT_EQ(affinity(found, 1), Status::long_busy_1_ms);
    EXPECT_EQ(desk.question()->formula, Formula::claimed);
    EXPECT_EQ(affinity(found, 3), Status::p2);
    EXPECT_EQ(affinity(current, ~std::uint64_t{0}), Status::p2);
    EXPECT_EQ(affinity(6), Status::parameter);
    EXPECT_EQ(affinity(std::uint64_t{1} << 32), Status::parameter);
}

TEST_F(HcallAffinity, OneQuestionWaitsForTheOther) {
    EXPECT_EQ(affinity(current), Status::long_busy_1_ms);
    EXPECT_EQ(status(Op::affinity, {found, 0, buffer, room}), Status::long_busy_1_ms);
    EXPECT_EQ(desk.question()->about, About::current);
    answer(1);
    EXPECT_EQ(affinity(found), Status::long_busy_1_ms) << "who has asked may come for it";
    EXPECT_EQ(desk.question(), nullptr);
    machine.ticks_ += 2 * partition.clock.frequency;
    EXPECT_EQ(affinity(found), Status::long_busy_1_ms) << "but nobody has";
    ASSERT_NE(desk.question(), nullptr);
    EXPECT_EQ(desk.question()->about, About::found);
}

TEST_F(HcallAffinity, AnAnswerThatCannotBeGivenIsKept) {
    EXPECT_EQ(affinity(current), Status::long_busy_1_ms);
    answer(5);
    EXPECT_EQ(affinity(current, 0, buffer, 51), Status::p4);
    EXPECT_EQ(vcpu.registers.gpr[4], 52u) << "what it takes";
    EXPECT_EQ(affinity(current, 0, memory_end - 8), Status::p3);
    partition.memory.inject_missing(1);
    EXPECT_EQ(call(Op::affinity, {current, 0, buffer, room}).then, Then::missing);
    EXPECT_EQ(affinity(current), Status::success);
    EXPECT_EQ(report().score, 5u);
}

TEST_F(HcallAffinity, WhatCannotBeAnsweredSaysWhy) {
    EXPECT_EQ(affinity(found), Status::long_busy_1_ms);
    partition::AffinityDesk::Answer none;
    none.status = Status::no_memory;
    desk.answer(none, machine.ticks_);
    EXPECT_EQ(affinity(found), Status::no_memory);
    EXPECT_EQ(affinity(found), Status::long_busy_1_ms) << "asked anew";
}

TEST_F(HcallAffinity, R68_AProposalIsReadFromTheBuffer) {
    Report place{};
    place.version = affinity::wire::version;
    place.count = 2;
    place.page_table = 1;
    place.inputs[1].node = 1;
    place.inputs[1].memory = 3;
    ASSERT_TRUE(partition.memory.store({buffer}, place).has_value());
    EXPECT_EQ(affinity(proposed), Status::long_busy_1_ms);
    const Report& read = desk.question()->proposal;
    EXPECT_EQ(read.count, 2u);
    EXPECT_EQ(read.page_table, 1u);
    EXPECT_EQ(read.inputs[1].memory, 3u);
    answer(9, 2);
    place.inputs[1].memory = 4;
    ASSERT_TRUE(partition.memory.store({buffer}, place).has_value());
    EXPECT_EQ(affinity(proposed), Status::long_busy_1_ms) << "that is another one";
    place.inputs[1].memory = 3;
    ASSERT_TRUE(partition.memory.store({buffer}, place).has_value());
    EXPECT_EQ(affinity(proposed), Status::success);
    EXPECT_EQ(report().score, 9u);
}

TEST_F(HcallAffinity, AProposalThatIsNoneIsRefused) {
    Report place{};
    place.version = affinity::wire::version;
    place.count = 1;
    const auto refused = [&](Status why, std::uint64_t length = room, std::uint64_t at = buffer) {
        EXPECT_TRUE(partition.memory.store({buffer}, place).has_value());
        EXPECT_EQ(affinity(proposed, 0, at, length), why);
        EXPECT_EQ(desk.question(), nullptr);
    };
    refused(Status::p4, 39);
    EXPECT_EQ(vcpu.registers.gpr[4], 40u);
    refused(Status::p4, 51);
    EXPECT_EQ(vcpu.registers.gpr[4], 52u);
    refused(Status::p3, room, memory_end);
    ASSERT_TRUE(partition.memory.write({memory_end - 40}, place.bytes().first(40)).has_value());
    refused(Status::p3, room, memory_end - 40); // its inputs are beyond
    place.inputs[0].memory = 1U << 22;
    refused(Status::p3);
    place.inputs[0] = Input{};
    place.inputs[0].processing = ~0U;
    refused(Status::p3);
    place.inputs[0] = Input{};
    place.inputs[0].reserved = 1;
    refused(Status::p3);
    place.inputs[0] = Input{};
    place.count = 65;
    refused(Status::p3);
    place.count = 1;
    place.version = 2;
    refused(Status::p3);
}

TEST_F(HcallAffinity, R71_ItWantsAReallocationAndSeesWhatBecomesOfIt) {
    EXPECT_EQ(told(), JobState::none);
    EXPECT_EQ(affinity(cancel), Status::not_found);
    EXPECT_EQ(affinity(request), Status::success);
    EXPECT_EQ(told(), JobState::waiting);
    EXPECT_TRUE(desk.rings() && desk.wants_job());
    EXPECT_EQ(affinity(request), Status::in_progress);
    EXPECT_EQ(affinity(cancel), Status::success);
    EXPECT_EQ(told(), JobState::stopped) << "nobody had begun";
    EXPECT_FALSE(desk.rings());

    EXPECT_EQ(affinity(request), Status::success);
    set_state(JobState::running);
    EXPECT_FALSE(desk.wants_job() || desk.wants_stop() || desk.rings());
    EXPECT_EQ(affinity(request), Status::in_progress);
    EXPECT_EQ(affinity(cancel), Status::success);
    EXPECT_TRUE(desk.rings() && desk.wants_stop());
    set_state(JobState::stopping);
    EXPECT_TRUE(desk.wants_stop());
    set_state(JobState::stopped);
    EXPECT_FALSE(desk.wants_stop());
    EXPECT_EQ(affinity(cancel), Status::not_found);
    EXPECT_EQ(affinity(job, 0, buffer, 71), Status::p4);
    EXPECT_EQ(vcpu.registers.gpr[4], 72u);
}

class RtasAffinity : public HcallAffinity {
  protected:
    static constexpr std::uint64_t block = 0x8000;
    static constexpr std::int32_t missed = 1; // a page was missing

    std::int32_t rtas(std::string_view name, std::initializer_list<std::uint32_t> inputs) {
        std::uint32_t token = 0;
        for (const rtas::Row& row : rtas::rows())
            if (row.name == name)
                token = row.token;
        std::uint64_t at = block;
        for (const std::uint32_t cell : {token, static_cast<std::uint32_t>(inputs.size()), 1U}) {
            poke(at, cell);
            at += 4;
        }
        for (const std::uint32_t cell : inputs) {
            poke(at, cell);
            at += 4;
        }
        if (call(Op::rtas, {block}).then == Then::missing)
            return missed;
        return static_cast<std::int32_t>(peek<std::uint32_t>(at));
    }
    std::int32_t get(std::uint32_t parameter, std::uint32_t length = room) {
        return rtas("ibm,get-system-parameter", {parameter, buffer, length});
    }
    std::int32_t want(std::uint16_t length, std::uint8_t value) {
        poke(buffer, length);
        poke(buffer + 2, value);
        return rtas("ibm,set-system-parameter", {0xf102, buffer});
    }
};

TEST_F(RtasAffinity, ScoresAreSystemParameters) {
    EXPECT_EQ(get(0xf100), 9900) << "to be asked again in a millisecond";
    EXPECT_EQ(desk.question()->about, About::current);
    answer(12'000'000);
    partition.memory.inject_missing(9); // six words of the block, its head, its inputs; then the answer
    EXPECT_EQ(get(0xf100), missed);
    EXPECT_EQ(get(0xf100), 0) << "a page that was missing has taken nothing away";
    EXPECT_EQ(peek<std::uint16_t>(buffer), 52u);
    EXPECT_EQ(peek<std::uint64_t>(buffer + 2 + 16), 12'000'000u);
    EXPECT_EQ(get(0xf101), 9900);
    EXPECT_EQ(desk.question()->about, About::found);
    partition::AffinityDesk::Answer none;
    none.status = Status::no_memory;
    desk.answer(none, machine.ticks_);
    EXPECT_EQ(get(0xf101), rtas::hardware_error);
    EXPECT_EQ(get(0xf103), rtas::parameter_error);
    EXPECT_EQ(rtas("ibm,get-system-parameter", {0xf100, 0xffff'fff0, 100}), rtas::parameter_error);
}

TEST_F(RtasAffinity, AJobIsWantedAndGivenUpByAParameter) {
    EXPECT_EQ(want(1, 1), 0);
    EXPECT_TRUE(desk.wants_job());
    EXPECT_EQ(want(1, 1), 0) << "it is wanted";
    EXPECT_EQ(get(0xf102), 0);
    EXPECT_EQ(peek<std::uint16_t>(buffer), 72u);
    EXPECT_EQ(peek<std::uint16_t>(buffer + 4), static_cast<std::uint16_t>(JobState::waiting));
    EXPECT_EQ(want(1, 0), 0);
    EXPECT_FALSE(desk.wants_job());
    EXPECT_EQ(want(1, 0), 0) << "it is not";
    EXPECT_EQ(want(1, 2), rtas::parameter_error);
    EXPECT_EQ(want(2, 1), rtas::parameter_error);
    EXPECT_EQ(rtas("ibm,set-system-parameter", {55, buffer}), rtas::parameter_error);
    EXPECT_EQ(rtas("ibm,set-system-parameter", {0xf102, 0xffff'ffff}), rtas::parameter_error);
    EXPECT_FALSE(desk.wants_job());
}

TEST_F(RtasAffinity, WhoMayNotCallMayNotAskThisWay) {
    partition.allowed_calls.allow(papr::FunctionSets::all().without(papr::FunctionSet::affinity));
    EXPECT_EQ(affinity(current), Status::function);
    for (const std::uint32_t parameter : {0xf100u, 0xf101u, 0xf102u})
        EXPECT_EQ(get(parameter), rtas::parameter_error);
    EXPECT_EQ(want(1, 1), rtas::parameter_error);
    EXPECT_FALSE(desk.rings());
}

} // namespace
} // namespace transom

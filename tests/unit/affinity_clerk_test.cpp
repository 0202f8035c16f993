// SPDX-License-Identifier: Apache-2.0
#include "two_nodes.hpp"

#include <transom/partition/affinity_calls.hpp>
#include <transom/relocate/affinity_answers.hpp>

// A partition asks for the score that it has and could have, and for its reallocation: sections 4.1 and 4.7 of the design.

namespace transom::relocate {
namespace {

using affinity::Formula;
using affinity::Refusal;
using affinity::wire::JobState;
using affinity::wire::Report;
using partition::AffinityQuestion;
using partition::Partition;
using About = AffinityQuestion::About;

constexpr std::uint64_t full = 100'000'000;

class AffinityClerkTest : public testing::Test {
  protected:
    /// Asks as calls do, until there is an answer.
    Report ask(Partition& partition, const AffinityQuestion& question) {
        for (int rounds = 0; rounds < 10'000; ++rounds) {
            if (const auto* const answer = partition::ask_affinity(partition, question)) {
                EXPECT_EQ(answer->status, papr::Status::success);
                const Report report = answer->report;
                partition.affinity.take();
                return report;
            }
            two.round();
        }
        ADD_FAILURE() << "no answer";
        return {};
    }
    Report current(Partition& partition, Formula formula = Formula::composite) {
        return ask(partition, {.about = About::current, .formula = formula});
    }
    Report found(Partition& partition, Formula formula = Formula::composite) {
        return ask(partition, {.about = About::found, .formula = formula});
    }
    /// All of it on one node, but for its processor.
    Report proposed(Partition& partition, std::uint16_t node, std::uint16_t processor_node, std::uint32_t blocks = 1) {
        AffinityQuestion question{.about = About::proposed};
        question.proposal.count = 2;
        question.proposal.page_table = node;
        question.proposal.inputs[0].node = node;
        question.proposal.inputs[0].memory = blocks;
        question.proposal.inputs[1].node = processor_node;
        question.proposal.inputs[1].processing = size_of(partition).processing();
        return ask(partition, question);
    }
    /// Wishes are seen to once in ten seconds.
    void wish(Partition& partition) {
        machine.advance(11 * migrate::twin_facts.timebase_frequency);
        EXPECT_TRUE(partition::want_reallocation(partition));
        two.go_on();
    }
    /// Nobody else gets a home on that node any more.
    void fill_processing(std::uint32_t node) {
        twin.dispatcher.set_processors(2);
        partition::Shape wall{.name = "wall", .memory = mib(16), .granule = kib(64), .entitled_capacity = 98};
        (void)wall.memory_nodes.push_back(node);
        (void)wall.page_table_node.push_back(node);
        (void)wall.processor_nodes.push_back(node);
        const auto built = test::create_empty(twin.roster, wall);
        ASSERT_TRUE(built);
        twin.roster.start(**built);
        (*built)->vcpus[0].state = partition::VcpuState::stopped;
        (*built)->keeps_place = true;
    }
    static JobState state(const Partition& partition) {
        return static_cast<JobState>(std::uint16_t{partition.affinity.job().state});
    }
    static std::uint32_t refused(Refusal refusal) { return number_of(refusal); }

    arch::FakeMachine machine{test::TwoNodes::size};
    test::TwoNodes two;
    migrate::TwinMachine& twin = two.twin;
    Reallocator& reallocator = two.reallocator;
};

TEST_F(AffinityClerkTest, R88_AnAnswerSaysByWhichFormulaOfWhatAndWhen) {
    Partition& far = two.build("far", 1, 0);
    far.timebase_offset = std::uint64_t{1} << 40;
    const Report now = current(far);
    EXPECT_EQ(now.version, 1u);
    EXPECT_EQ(now.formula, 2u);
    EXPECT_EQ(now.score, 44'099'999u);
    EXPECT_EQ(now.page_table, 1u);
    EXPECT_EQ(now.fewest_nodes, 1u);
    EXPECT_GE(now.at, far.timebase_offset);
    ASSERT_EQ(now.count, 2u);
    EXPECT_EQ(now.inputs[0].node, 0u);
    EXPECT_EQ(now.inputs[0].memory, 0u);
    EXPECT_EQ(now.inputs[0].processing, 5u);
    EXPECT_EQ(now.inputs[1].node, 1u);
    EXPECT_EQ(now.inputs[1].memory, 1u);
    EXPECT_EQ(current(far, Formula::claimed).score, 0u);
}

TEST_F(AffinityClerkTest, R73_WhatIsFoundIsNoWorseThanWhatThereIs) {
    Partition& far = two.build("far", 1, 0);
    const Bytes free = twin.frames.available();
    const Report best = found(far);
    EXPECT_EQ(best.score, full);
    EXPECT_EQ(best.count, 1u) << "all on one node";
    EXPECT_EQ(best.refusal, 0u);
    EXPECT_EQ(found(far, Formula::claimed).score, full);
    EXPECT_EQ(current(far).score, 44'099'999u) << "R74: nothing has moved";
    EXPECT_EQ(twin.frames.available(), free);
    Partition& near = two.build("near", 0, 0);
    EXPECT_EQ(found(near).score, full);
}

TEST_F(AffinityClerkTest, R68_AProposalGetsTheScoreThatItWouldHave) {
    Partition& far = two.build("far", 1, 0);
    EXPECT_EQ(proposed(far, 0, 0).score, full);
    EXPECT_EQ(proposed(far, 1, 1).score, full);
    EXPECT_EQ(proposed(far, 1, 0).score, current(far).score);
    EXPECT_EQ(proposed(far, 0, 0, 2).refusal, refused(Refusal::other_size));
    EXPECT_EQ(proposed(far, 0, 0, 2).score, affinity::wire::no_score);
    EXPECT_EQ(proposed(far, 2, 0).refusal, refused(Refusal::no_room)) << "there is no such node";
    EXPECT_EQ(proposed(far, 0, 63).refusal, refused(Refusal::no_room));
    while (twin.frames.allocate(mib(16), mib(16), memory::FrameState::hypervisor, memory::Contents::any,
                                {arch::fake_real_base, two.half})) {}
    EXPECT_EQ(proposed(far, 0, 0).refusal, refused(Refusal::no_room));
    far.keeps_place = true;
    EXPECT_EQ(proposed(far, 1, 1).refusal, refused(Refusal::is_protected));
}

TEST_F(AffinityClerkTest, R71_APartitionAsksForItsReallocation) {
    Partition& far = two.build("far", 1, 0);
    machine.step_ = 1'000;
    EXPECT_TRUE(partition::want_reallocation(far));
    two.round();
    EXPECT_EQ(state(far), JobState::planning);
    EXPECT_EQ(two.go_on().state, relocate::JobState::done);
    const affinity::wire::Job& job = far.affinity.job();
    EXPECT_EQ(state(far), JobState::done);
    EXPECT_EQ(job.before, 44'099'999u);
    EXPECT_EQ(job.predicted, full);
    EXPECT_EQ(job.after, full);
    EXPECT_EQ(job.steps, job.steps_done);
    EXPECT_GT(job.ended, job.began);
    EXPECT_EQ(current(far).score, full);
}

TEST_F(AffinityClerkTest, R72_ARefusalSaysWhy) {
    Partition& near = two.build("near", 0, 0);
    wish(near);
    EXPECT_EQ(state(near), JobState::refused);
    EXPECT_EQ(near.affinity.job().refusal, refused(Refusal::no_gain));
    near.keeps_place = true;
    wish(near);
    EXPECT_EQ(state(near), JobState::refused);
    EXPECT_EQ(near.affinity.job().refusal, refused(Refusal::is_protected));
}

TEST_F(AffinityClerkTest, R76_WhoKeepsItsPlaceIsMovedByNobody) {
    Partition& far = two.build("far", 1, 0);
    far.keeps_place = true;
    EXPECT_EQ(found(far).score, current(far).score);
    EXPECT_EQ(found(far).refusal, refused(Refusal::is_protected));
    EXPECT_EQ(reallocator.request({.partition = &far, .to = 0}).error(), RequestError::is_protected);
    ASSERT_TRUE(reallocator.request({}).has_value());
    EXPECT_EQ(two.go_on().state, relocate::JobState::refused) << "there is nobody else";
    EXPECT_EQ(current(far).score, 44'099'999u);
}

TEST_F(AffinityClerkTest, WhatIsOnlyPlannedMovesNothing) {
    Partition& far = two.build("far", 1, 0);
    ASSERT_TRUE(reallocator.request({.partition = &far, .only_plan = true}).has_value());
    const JobReport& job = two.go_on();
    EXPECT_EQ(job.state, relocate::JobState::planned);
    EXPECT_EQ(job.predicted, affinity::full_score);
    EXPECT_FALSE(job.refusal);
    EXPECT_GT(job.steps, 0u);
    EXPECT_EQ(job.steps_done, 0u);
    EXPECT_EQ(current(far).score, 44'099'999u);
    EXPECT_FALSE(far.last_move);
}

TEST_F(AffinityClerkTest, R78_WhoWasMovedWaitsBeforeItAsksAgain) {
    Partition& p = two.build("linux", 1, 0);
    wish(p);
    ASSERT_EQ(state(p), JobState::done);
    p.vcpus[0].home = p.vcpus[0].home == 0 ? 1 : 0; // somebody has sent it away
    wish(p);
    EXPECT_EQ(state(p), JobState::refused);
    EXPECT_EQ(p.affinity.job().refusal, refused(Refusal::too_soon));
    machine.advance(601 * migrate::twin_facts.timebase_frequency);
    wish(p);
    EXPECT_EQ(p.affinity.job().refusal, refused(Refusal::no_gain))
        << "3 points more than it had after that are not to be had";
    p.last_move->score = affinity::Score{90'000'000};
    wish(p);
    EXPECT_EQ(state(p), JobState::done);
}

TEST_F(AffinityClerkTest, AWishWaitsForTheJobThatIsUnderWay) {
    Partition& one = two.build("one", 0, 0);
    Partition& far = two.build("far", 1, 0);
    ASSERT_TRUE(reallocator.request({.partition = &one, .to = 1}).has_value());
    partition::want_reallocation(far);
    while (reallocator.under_way()) {
        two.round();
        EXPECT_EQ(state(far), JobState::waiting);
    }
    EXPECT_EQ(reallocator.report().partition[0], 'o') << "who watches sees how it ended";
    two.go_on();
    two.go_on();
    EXPECT_EQ(state(far), JobState::done);
    EXPECT_EQ(state(one), JobState::none) << "it has not asked for its own";
}

TEST_F(AffinityClerkTest, R81_APartitionGivesUpWhatItAskedFor) {
    Partition& far = two.build("far", 1, 0);
    fill_processing(1);
    const Bytes free = twin.frames.available();
    machine.step_ = 300'000; // a round is a page
    EXPECT_TRUE(partition::want_reallocation(far));
    for (int rounds = 0; rounds < 1'000 && state(far) != JobState::running; ++rounds)
        two.round();
    ASSERT_EQ(state(far), JobState::running);
    for (int rounds = 0; rounds < 40; ++rounds)
        two.round();
    EXPECT_TRUE(partition::cancel_reallocation(far));
    two.go_on();
    EXPECT_EQ(state(far), JobState::stopped);
    EXPECT_EQ(twin.frames.available(), free);
    EXPECT_EQ(far.dual->phase(), dual::Phase::normal);
    EXPECT_FALSE(far.last_move) << "what was on its way has been given up";
}

TEST_F(AffinityClerkTest, AWishThatWasGivenUpIsNotBegun) {
    Partition& far = two.build("far", 1, 0);
    EXPECT_TRUE(partition::want_reallocation(far));
    EXPECT_TRUE(partition::cancel_reallocation(far));
    two.go_on();
    EXPECT_EQ(state(far), JobState::stopped);
    EXPECT_EQ(current(far).score, 44'099'999u);
}

// Whoever asks without an end does not keep operators from their orders, nor others from having their wish.
TEST_F(AffinityClerkTest, WhoAsksAllTheTimeLeavesTimeToOthers) {
    Partition& eager = two.build("eager", 0, 0);
    Partition& also = two.build("also", 0, 0);
    Partition& patient = two.build("patient", 1, 0);
    EXPECT_TRUE(partition::want_reallocation(patient));
    unsigned accepted = 0;
    for (int rounds = 0; rounds < 2'000; ++rounds) {
        partition::want_reallocation(eager);
        partition::want_reallocation(also);
        two.round();
        if (rounds % 100 == 99)
            accepted += reallocator.request({.partition = &eager, .only_plan = true}).has_value() ? 1 : 0;
    }
    EXPECT_GE(accepted, 15u);
    EXPECT_EQ(state(patient), JobState::done);
}

TEST_F(AffinityClerkTest, R87_OfOthersAPartitionLearnsOnlyWhatRoomTheyLeave) {
    Partition& far = two.build("far", 1, 0);
    const Report alone = current(far);
    two.build("other", 0, 1);
    const Report beside = current(far);
    EXPECT_EQ(beside.score, alone.score);
    EXPECT_TRUE(std::ranges::equal(beside.bytes().subspan(24), alone.bytes().subspan(24)))
        << "but for the time nothing has changed";
}

TEST_F(AffinityClerkTest, WhoAsksLearnsItAlthoughOthersEndMeanwhile) {
    Partition& far = two.build("far", 1, 0);
    Partition& other = two.build("other", 0, 0);
    EXPECT_EQ(partition::ask_affinity(far, {.about = About::found}), nullptr);
    two.clerk.run();
    other.state = partition::PartitionState::off;
    two.clerk.ended();
    reallocator.ended(other);
    twin.roster.destroy(other);
    EXPECT_EQ(found(far).score, full);
}

// R74: the same state gives the same answer, and both of two that ask get theirs.
TEST_F(AffinityClerkTest, R74_TwoWhoAskAreAnsweredInTurn) {
    Partition& one = two.build("one", 1, 0);
    Partition& other = two.build("other", 0, 1);
    const auto ask_both = [&] {
        const AffinityQuestion question{.about = About::found};
        const auto *first = partition::ask_affinity(one, question), *second = partition::ask_affinity(other, question);
        for (int rounds = 0; rounds < 10'000 && (first == nullptr || second == nullptr); ++rounds) {
            two.round();
            first = partition::ask_affinity(one, question);
            second = partition::ask_affinity(other, question);
        }
        EXPECT_TRUE(first != nullptr && second != nullptr);
        const std::pair scores{std::uint64_t{first->report.score}, std::uint64_t{second->report.score}};
        one.affinity.take();
        other.affinity.take();
        return scores;
    };
    const auto once = ask_both();
    EXPECT_EQ(once, std::pair(full, full));
    EXPECT_EQ(ask_both(), once);
}

} // namespace
} // namespace transom::relocate

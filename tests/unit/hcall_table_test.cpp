// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <numeric>
#include <set>
#include <string>
#include <transom/hcall/table.hpp>

namespace transom::hcall {
namespace {

using papr::FunctionSet;
using papr::FunctionSets;
using papr::Status;

class HcallTable : public PartitionTest {};

TEST_F(HcallTable, FindsEachRowByItsTokenAndNothingElse) {
    std::set<std::uint64_t> tokens;
    for (const Row& row : rows()) {
        const auto token = static_cast<std::uint64_t>(row.op);
        EXPECT_EQ(find(token), &row) << row.name;
        EXPECT_TRUE(tokens.insert(token).second);
        EXPECT_EQ(find(token + 1), nullptr);
        EXPECT_EQ(find(token | std::uint64_t{1} << 32), nullptr) << "looks at the low half only";
    }
    for (std::uint64_t token = 0; token < 0x20000; ++token)
        EXPECT_EQ(find(token) != nullptr, tokens.contains(token)) << token;
    EXPECT_EQ(find(~std::uint64_t{0}), nullptr);
    EXPECT_EQ(find(~std::uint64_t{3}), nullptr);
}

TEST_F(HcallTable, AdvertisesEverySetOfItsRowsOnce) {
    std::set<std::string_view> of_rows;
    for (const Row& row : rows())
        if (row.set != FunctionSet::none)
            of_rows.insert(name(row.set));
    const SetNames all = hypertas_functions(FunctionSets::all());
    EXPECT_THAT(all, testing::UnorderedElementsAreArray(of_rows));
    // What Linux needs of a partition with a hashed page table, a terminal and XICS.
    for (const char* needed :
         {"hcall-pft", "hcall-bulk", "hcall-term", "hcall-interrupt", "hcall-splpar", "hcall-set-mode"})
        EXPECT_THAT(all, testing::Contains(needed));
}

TEST_F(HcallTable, ASetThatAPartitionIsNotAllowedIsNeitherAdvertisedNorAnswered) {
    partition.allowed_calls.allow(FunctionSets::all().without(FunctionSet::term));
    EXPECT_THAT(hypertas_functions(partition.allowed_calls.sets()), testing::Not(testing::Contains("hcall-term")));
    EXPECT_EQ(status(papr::Op::put_term_char, {0, 1, 0x4100000000000000}), Status::function);
    EXPECT_TRUE(partition.terminals[0].output.empty());
    EXPECT_EQ(status(papr::Op::poll_pending), Status::success);
    // What no set announces cannot be taken away.
    partition.allowed_calls.allow(FunctionSets());
    EXPECT_EQ(status(papr::Op::get_cpu_characteristics), Status::success);
    EXPECT_EQ(status(papr::Op::poll_pending), Status::function);
}

TEST_F(HcallTable, KeepsATraceAndLatenciesOnlyWhileItIsObserved) {
    call(papr::Op::poll_pending);
    EXPECT_EQ(partition.observation.recorded(), 0u);
    partition.observation.start();
    status(papr::Op::cppr, {5, 6, 7, 8});
    vcpu.registers.gpr[3] = 0x1234; // unknown
    dispatch(vcpu);
    ASSERT_EQ(partition.observation.recorded(), 2u);
    const auto first = partition.observation.entry(0);
    const auto last = partition.observation.entry(1);
    EXPECT_FALSE(partition.observation.entry(2));
    EXPECT_EQ(first->token, static_cast<std::uint64_t>(papr::Op::cppr));
    EXPECT_EQ(first->inputs, (std::array<std::uint64_t, 4>{5, 6, 7, 8}));
    EXPECT_EQ(first->status, 0);
    EXPECT_EQ(last->token, 0x1234u);
    EXPECT_EQ(last->status, -2);
    const auto counted = [&](std::size_t row) { return partition.observation.latency(row).count(); };
    EXPECT_EQ(counted(static_cast<std::size_t>(find(0x68) - rows().data())), 1u);
    EXPECT_EQ(counted(unknown_row), 1u);
    partition.observation.stop();
    call(papr::Op::poll_pending);
    EXPECT_EQ(partition.observation.recorded(), 2u);
    constexpr std::size_t size = Observation::trace_size;
    for (std::size_t i = 2; i < 2 * size; ++i)
        partition.observation.record(0, 1, {.token = i});
    EXPECT_EQ(partition.observation.entry(2 * size - 1)->token, 2 * size - 1);
    EXPECT_EQ(partition.observation.entry(size)->token, size);
    EXPECT_FALSE(partition.observation.entry(size - 1)) << "pushed out";
}

TEST(HcallLatency, CountsByPowersOfTwo) {
    Latency latency;
    for (const std::uint64_t ticks : {0u, 1u, 2u, 3u, 4u, 1u << 20})
        latency.add(ticks);
    EXPECT_EQ(latency.counts[0], 1u);
    EXPECT_EQ(latency.counts[1], 1u);
    EXPECT_EQ(latency.counts[2], 2u);
    EXPECT_EQ(latency.counts[3], 1u);
    EXPECT_EQ(latency.counts[Latency::buckets - 1], 1u);
}

TEST_F(HcallTable, NamesAreThoseOfLopar) {
    for (const Row& row : rows())
        EXPECT_THAT(std::string(row.name), testing::MatchesRegex("H_[A-Z0-9_]+"));
}

TEST_F(HcallTable, CountsEachCall) {
    call(papr::Op::poll_pending);
    call(papr::Op::poll_pending);
    call(papr::Op::cppr, {0});
    for (std::size_t i = 0; i < rows().size(); ++i) {
        const papr::Op op = rows()[i].op;
        EXPECT_EQ(partition.calls().by_row[i], op == papr::Op::poll_pending ? 2 : op == papr::Op::cppr ? 1 : 0);
    }
}

TEST_F(HcallTable, AnswersFunctionToWhatIsNoCall) {
    const auto before = vcpu.registers;
    for (const std::uint64_t token : {std::uint64_t{0}, std::uint64_t{0xe1}, std::uint64_t{0x38}, ~std::uint64_t{0}}) {
        vcpu.registers = before;
        vcpu.registers.gpr[3] = token;
        const Outcome outcome = dispatch(vcpu);
        EXPECT_EQ(outcome.status, Status::function);
        EXPECT_EQ(outcome.then, Then::resume);
        EXPECT_EQ(vcpu.registers.gpr[3], static_cast<std::uint64_t>(-2));
    }
    EXPECT_EQ(partition.calls().by_row[unknown_row], 4u);
}

TEST_F(HcallTable, RefusesProblemStateBeforeItLooksAtAnything) {
    vcpu.registers.msr |= partition::msr::pr | partition::msr::ee;
    for (const Row& row : rows())
        EXPECT_EQ(status(row.op, {0, 1, 2, 3}), Status::privilege) << row.name;
    vcpu.registers.gpr[3] = 0x1234; // unknown
    EXPECT_EQ(dispatch(vcpu).status, Status::privilege);
    EXPECT_EQ(partition.calls().problem_state, rows().size() + 1);
    EXPECT_EQ(vcpu.state, partition::VcpuState::ready);
    EXPECT_TRUE(partition.terminals[0].output.empty());
}

} // namespace
} // namespace transom::hcall

// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <utility>

namespace transom::hcall {
namespace {

using papr::Op;
using papr::Status;
using partition::VcpuState;

constexpr std::uint64_t all = ~std::uint64_t{0};

class HcallWait : public PartitionTest {
  protected:
    HcallWait() { other.state = VcpuState::ready; }

    /// Makes the call and checks that it changed nothing but r3.
    Outcome call_keeping_registers(Op op, std::initializer_list<std::uint64_t> arguments) {
        for (std::size_t i = 0; i < 14; ++i)
            vcpu.registers.gpr[i] = 0x1000 + i;
        auto expected = vcpu.registers.gpr;
        const Outcome outcome = call(op, arguments);
        std::copy(arguments.begin(), arguments.end(), expected.begin() + 4);
        expected[3] = vcpu.registers.gpr[3];
        EXPECT_EQ(vcpu.registers.gpr, expected);
        return outcome;
    }
};

TEST_F(HcallWait, CedeEnablesInterruptsAndWaits) {
    const Outcome outcome = call(Op::cede);
    EXPECT_EQ(outcome.status, Status::success);
    EXPECT_EQ(outcome.then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ceded);
    EXPECT_TRUE(vcpu.registers.msr & partition::msr::ee);
}

TEST_F(HcallWait, AProdBeforeTheCedeIsNotLostAndCountsOnce) {
    EXPECT_EQ(call(other, Op::prod, {0}).then, Then::resume);
    EXPECT_EQ(call(other, Op::prod, {0}).then, Then::resume);
    EXPECT_EQ(call(Op::cede).then, Then::resume);
    EXPECT_EQ(vcpu.state, VcpuState::ready);
    EXPECT_TRUE(vcpu.registers.msr & partition::msr::ee);
    EXPECT_EQ(call(Op::cede).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ceded);
}

TEST_F(HcallWait, AProdWakesACededProcessorAndIsUsedUpByIt) {
    call(Op::cede);
    EXPECT_EQ(call(other, Op::prod, {0}).then, Then::yield) << "the dispatcher has somebody new to run";
    EXPECT_EQ(vcpu.state, VcpuState::ready);
    EXPECT_EQ(call(Op::cede).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ceded);
}

TEST_F(HcallWait, AProdForAStoppedProcessorDoesNotStartIt) {
    other.state = VcpuState::stopped;
    EXPECT_EQ(call_keeping_registers(Op::prod, {1}).status, Status::success);
    EXPECT_EQ(other.state, VcpuState::stopped);
    EXPECT_EQ(status(Op::prod, {2}), Status::parameter);
    EXPECT_EQ(status(Op::prod, {all}), Status::parameter);
}

TEST_F(HcallWait, AnInterruptThatWaitsAfterACedeReachesTheDispatcher) {
    vcpu.presentation = {.cppr = 0xff, .mfrr = 4};
    vcpu.prodded = true;
    EXPECT_EQ(call(Op::cede).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ready);
}

TEST_F(HcallWait, ConferToAllYieldsOnce) {
    for (const std::uint64_t everybody : {all, std::uint64_t{0xffffffff}}) {
        const Outcome outcome = call_keeping_registers(Op::confer, {everybody, 0});
        EXPECT_EQ(outcome.status, Status::success);
        EXPECT_EQ(outcome.then, Then::yield);
        EXPECT_EQ(vcpu.state, VcpuState::ready);
    }
}

TEST_F(HcallWait, ConferGivesTimeOnlyToAProcessorThatStillWaits) {
    other.areas.dispatch_counter = 7;
    EXPECT_EQ(call_keeping_registers(Op::confer, {1, 7}).then, Then::yield);
    EXPECT_EQ(std::exchange(vcpu.confers_to, partition::Vcpu::nowhere), 1u);
    EXPECT_EQ(call_keeping_registers(Op::confer, {1, 5}).then, Then::resume) << "it ran in the meantime";
    other.areas.dispatch_counter = 8;
    EXPECT_EQ(call_keeping_registers(Op::confer, {1, 8}).then, Then::resume) << "it runs";
    EXPECT_EQ(status(Op::confer, {2, 7}), Status::parameter);
    EXPECT_EQ(vcpu.confers_to, partition::Vcpu::nowhere);
    EXPECT_EQ(status(Op::confer, {std::uint64_t{1} << 32, 7}), Status::parameter);
}

TEST_F(HcallWait, ConferToItselfWaitsForAProdAndLeavesInterruptsAlone) {
    EXPECT_EQ(call_keeping_registers(Op::confer, {0, 0}).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ceded);
    EXPECT_FALSE(vcpu.registers.msr & partition::msr::ee);
    call(other, Op::prod, {0});
    EXPECT_EQ(vcpu.state, VcpuState::ready);
    call(other, Op::prod, {0});
    EXPECT_EQ(call(Op::confer, {0, 0}).then, Then::resume);
}

TEST_F(HcallWait, JoinNeedsInterruptsOff) {
    vcpu.registers.msr |= partition::msr::ee;
    EXPECT_EQ(call(Op::join).status, Status::bad_mode);
    EXPECT_EQ(vcpu.state, VcpuState::ready);
}

TEST_F(HcallWait, TheLastActiveProcessorDoesNotJoin) {
    EXPECT_EQ(call(Op::join).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::joined);
    const Outcome last = call(other, Op::join, {});
    EXPECT_EQ(last.status, Status::continue_);
    EXPECT_EQ(last.then, Then::resume);
    EXPECT_EQ(other.state, VcpuState::ready);
}

TEST_F(HcallWait, ACededProcessorIsActiveForJoinAndAStoppedOneIsNot) {
    other.state = VcpuState::ceded;
    EXPECT_EQ(call(Op::join).then, Then::yield);
    vcpu.state = VcpuState::ready;
    other.state = VcpuState::stopped;
    EXPECT_EQ(call(Op::join).status, Status::continue_);
}

TEST_F(HcallWait, AProdActivatesAJoinedProcessorAndOneBeforeTheJoinCounts) {
    call(Op::join);
    EXPECT_EQ(call(other, Op::prod, {0}).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ready);
    EXPECT_FALSE(vcpu.prodded);
    call(other, Op::prod, {0});
    EXPECT_EQ(call(Op::join).then, Then::resume);
    EXPECT_EQ(vcpu.state, VcpuState::ready);
}

TEST_F(HcallWait, AnInterruptDoesNotActivateAJoinedProcessor) {
    vcpu.presentation = {.cppr = 0xff, .mfrr = 0xff};
    call(Op::join);
    EXPECT_EQ(call(other, Op::ipi, {0, 4}).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::joined);
}

TEST_F(HcallWait, ASystemResetReachesWhoItIsFor) {
    struct {
        std::uint64_t target;
        bool caller, other;
    } const cases[] = {{0, true, false}, {1, false, true}, {all, true, true}, {all - 1, false, true}};
    for (const auto& c : cases) {
        vcpu.reset_pending = other.reset_pending = false;
        other.state = VcpuState::joined;
        const Outcome outcome = call_keeping_registers(Op::signal_sys_reset, {c.target});
        EXPECT_EQ(outcome.status, Status::success);
        EXPECT_EQ(outcome.then, Then::yield);
        EXPECT_EQ(vcpu.reset_pending, c.caller) << c.target;
        EXPECT_EQ(other.reset_pending, c.other) << c.target;
        EXPECT_EQ(other.state, c.other ? VcpuState::ready : VcpuState::joined);
    }
    for (const std::uint64_t nobody : {std::uint64_t{2}, all - 2, std::uint64_t{1} << 32, std::uint64_t{0xffffffff}})
        EXPECT_EQ(status(Op::signal_sys_reset, {nobody}), Status::parameter) << nobody;
}

TEST_F(HcallWait, ASystemResetThatWasNotTakenYetIsNotWaitedOver) {
    call(other, Op::signal_sys_reset, {0}); // while the processor is inside
    EXPECT_EQ(call(Op::cede).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ready) << "it is entered again, and takes the reset";
    EXPECT_TRUE(vcpu.reset_pending);
    vcpu.registers.msr &= ~partition::msr::ee;
    EXPECT_EQ(call(Op::join).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ready);
    EXPECT_EQ(call(Op::confer, {0, 0}).then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::ready);
}

TEST_F(HcallWait, ASystemResetDoesNotStartAStoppedProcessor) {
    other.state = VcpuState::stopped;
    EXPECT_EQ(status(Op::signal_sys_reset, {1}), Status::success);
    EXPECT_FALSE(other.reset_pending);
    EXPECT_EQ(other.state, VcpuState::stopped);
}

TEST_F(HcallWait, WaitsLeaveTheirReasonForTheDispatchTraceLog) {
    call(Op::cede);
    EXPECT_EQ(vcpu.areas.preempt_reason, partition::PreemptReason::cede);
    for (const std::uint64_t target : {all, std::uint64_t{0}}) {
        vcpu.areas.preempt_reason = partition::PreemptReason::none;
        call(Op::confer, {target, 0});
        EXPECT_EQ(vcpu.areas.preempt_reason, partition::PreemptReason::confer);
    }
}

TEST_F(HcallWait, PerformanceParametersAreThePartitionsClaim) {
    partition::ProcessorPool pool{.processors = 2, .entitled = 170};
    partition.pool = &pool;
    partition.share.claim = {.entitled = 40, .weight = 77};
    EXPECT_EQ(status(Op::get_ppp), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 40u);
    EXPECT_EQ(vcpu.registers.gpr[5], 30u) << "unallocated";
    EXPECT_EQ(vcpu.registers.gpr[6], 0u);
    EXPECT_EQ(vcpu.registers.gpr[7], 0x0000'4d00'0002'0002u) << "not capped, weight 77";
    EXPECT_EQ(status(Op::set_ppp, {40, 77}), Status::success);
    EXPECT_EQ(status(Op::set_ppp, {100, 77}), Status::constrained);
    EXPECT_EQ(status(Op::set_ppp, {40, 128}), Status::constrained);
    EXPECT_EQ(status(Op::set_ppp, {40, 256}), Status::parameter);
    partition.share.claim.capped = true;
    call(Op::get_ppp);
    EXPECT_EQ(vcpu.registers.gpr[7], 0x0001'4d00'0002'0002u);
    pool.processors = 5;
    pool.dedicated = 3;
    call(Op::get_ppp);
    EXPECT_EQ(vcpu.registers.gpr[7], 0x0001'4d00'0002'0005u) << "two in the pool, of five";
}

TEST_F(HcallWait, ThePoolsIdleTimeIsForWhoMaySeeIt) {
    partition::ProcessorPool pool{.processors = 1, .idle_ticks = 12345};
    partition.pool = &pool;
    EXPECT_EQ(status(Op::pic), Status::authority);
    partition.sees_pool = true;
    EXPECT_EQ(status(Op::pic), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 12345u);
    EXPECT_EQ(vcpu.registers.gpr[5], 1u);
}

TEST_F(HcallWait, PurrIsTheRegister) {
    arch::write_guest_spr<partition::spr_index("PURR")>(vcpu.registers, 0x1122334455);
    EXPECT_EQ(status(Op::purr), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 0x1122334455u);
    EXPECT_EQ(status(Op::poll_pending), Status::success);
}

} // namespace
} // namespace transom::hcall

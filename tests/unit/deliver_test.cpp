// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <arch/fake_world.hpp>
#include <arch/world.hpp>
#include <array>
#include <transom/partition/deliver.hpp>

namespace transom::partition {
namespace {

class Deliver : public PartitionTest {
  protected:
    template <std::size_t index> std::uint64_t spr() const { return arch::read_guest_spr<index>(vcpu.registers); }
    std::uint64_t srr0() const { return spr<spr_index("SRR0")>(); }
    std::uint64_t srr1_now() const { return spr<spr_index("SRR1")>(); }
    void running(std::uint64_t nip, std::uint64_t msr_value) {
        vcpu.registers.nip = nip;
        vcpu.registers.msr = msr_value;
    }
    static constexpr std::uint64_t user = msr::sf | msr::ee | msr::pr | msr::me | msr::ir | msr::dr | msr::ri |
                                          msr::fp | msr::vec | msr::vsx | msr::fe0 | msr::fe1 | msr::le | msr::pmm |
                                          msr::te | msr::tm;
};

TEST_F(Deliver, SavesWhereItWasAndLeavesProblemState) {
    running(0x10000040, user);
    deliver_interrupt(vcpu, Vector::external);
    EXPECT_EQ(srr0(), 0x10000040u);
    EXPECT_EQ(srr1_now(), user);
    EXPECT_EQ(vcpu.registers.nip, 0x500u);
    EXPECT_EQ(vcpu.registers.msr, msr::sf | msr::me);
}

TEST_F(Deliver, EntersThe64BitModeFrom32AndKeepsMachineCheck) {
    running(0x100, msr::ee);
    deliver_interrupt(vcpu, Vector::decrementer);
    EXPECT_EQ(vcpu.registers.msr, msr::sf);
    EXPECT_EQ(srr1_now(), msr::ee);
    EXPECT_EQ(vcpu.registers.nip, 0x900u);
}

TEST_F(Deliver, EndiannessIsThePartitionsChoice) {
    vcpu.interrupt_mode.little_endian = true;
    running(0, msr::sf | msr::me);
    deliver_interrupt(vcpu, Vector::program, srr1::illegal);
    EXPECT_EQ(vcpu.registers.msr, msr::sf | msr::me | msr::le);
    EXPECT_EQ(vcpu.registers.nip, 0x700u);
    EXPECT_EQ(srr1_now(), msr::sf | msr::me | srr1::illegal);
}

TEST_F(Deliver, OnlyTheInterruptsOwnBitsOfSrr1AreReplaced) {
    running(0, user | srr1::interrupt_bits);
    deliver_interrupt(vcpu, Vector::instruction_storage, srr1::no_entry | msr::ee | ibm_bit(0));
    EXPECT_EQ(srr1_now(), user | srr1::no_entry);
}

TEST_F(Deliver, AlternateLocationOnlyWithBothRelocationsOn) {
    struct Case {
        std::uint8_t location;
        std::uint64_t relocation;
        std::uint64_t base;
    };
    for (const Case& c :
         {Case{0, msr::ir | msr::dr, 0}, Case{2, msr::ir | msr::dr, 0x18000},
          Case{3, msr::ir | msr::dr, 0xc000000000004000}, Case{3, msr::ir, 0}, Case{3, msr::dr, 0}, Case{2, 0, 0}}) {
        vcpu.interrupt_mode.alternate_location = c.location;
        running(0x40, msr::sf | c.relocation);
        deliver_interrupt(vcpu, Vector::data_segment);
        EXPECT_EQ(vcpu.registers.nip, c.base + 0x380);
        EXPECT_EQ(vcpu.registers.msr, msr::sf | (c.base != 0 ? msr::ir | msr::dr : 0));
        for (const Vector real : {Vector::system_reset, Vector::machine_check}) {
            running(0x40, msr::sf | c.relocation);
            deliver_interrupt(vcpu, real);
            EXPECT_EQ(vcpu.registers.nip, static_cast<std::uint64_t>(real));
            EXPECT_EQ(vcpu.registers.msr, msr::sf);
        }
    }
}

TEST_F(Deliver, ATransactionIsSuspendedNotForgotten) {
    running(0, msr::sf | msr::tm | msr::ts_transactional);
    deliver_interrupt(vcpu, Vector::external);
    EXPECT_EQ(vcpu.registers.msr, msr::sf | msr::ts_suspended);
    running(0, msr::sf | msr::ts_suspended);
    deliver_interrupt(vcpu, Vector::external);
    EXPECT_EQ(vcpu.registers.msr, msr::sf | msr::ts_suspended);
}

TEST_F(Deliver, DataStorageTellsWhereAndWhy) {
    running(0x2000, user);
    reflect_data_storage(vcpu, {0xdead0000}, dsisr::no_entry | dsisr::store);
    EXPECT_EQ(spr<spr_index("DAR")>(), 0xdead0000u);
    EXPECT_EQ(spr<spr_index("DSISR")>(), 0x42000000u);
    EXPECT_EQ(srr0(), 0x2000u);
    EXPECT_EQ(srr1_now(), user);
    EXPECT_EQ(vcpu.registers.nip, 0x300u);
}

TEST_F(Deliver, ExternalWaitsForItsEnableBit) {
    running(0x2000, msr::sf);
    vcpu.presentation = {.cppr = 0xff, .mfrr = 4};
    EXPECT_TRUE(external_pending(vcpu));
    EXPECT_FALSE(deliver_pending(vcpu));
    EXPECT_EQ(vcpu.registers.nip, 0x2000u);
    vcpu.registers.msr |= msr::ee;
    EXPECT_TRUE(deliver_pending(vcpu));
    EXPECT_EQ(vcpu.registers.nip, 0x500u);
    vcpu.presentation.mfrr = 0xff;
    vcpu.registers.msr |= msr::ee;
    EXPECT_FALSE(deliver_pending(vcpu));
}

TEST_F(Deliver, ASystemResetComesWithInterruptsOffAndBeforeTheExternalOne) {
    running(0x2000, msr::sf | msr::ir | msr::dr | msr::ri);
    vcpu.interrupt_mode = {true, 3};
    vcpu.presentation = {.cppr = 0xff, .mfrr = 4};
    vcpu.reset_pending = true;
    EXPECT_TRUE(deliver_pending(vcpu));
    EXPECT_FALSE(vcpu.reset_pending);
    EXPECT_EQ(srr0(), 0x2000u);
    EXPECT_EQ(vcpu.registers.nip, 0x100u) << "never at the alternate location";
    EXPECT_EQ(vcpu.registers.msr, msr::sf | msr::le);
    EXPECT_FALSE(deliver_pending(vcpu));
}

TEST_F(Deliver, TheProcessorPresentsWhatTheEnableBitHoldsBack) {
    arch::FakeWorld world{[](Vcpu&, std::uint64_t) {}};
    running(0x2000, msr::sf);
    vcpu.presentation = {.cppr = 0xff, .mfrr = 4};
    EXPECT_FALSE(deliver_pending(vcpu));
    EXPECT_EQ(world.external_raised, 0) << "this one cannot";
    world.presents_external = true;
    EXPECT_FALSE(deliver_pending(vcpu));
    EXPECT_EQ(world.external_raised, 1);
    EXPECT_EQ(vcpu.registers.nip, 0x2000u);

    EXPECT_EQ(status(papr::Op::cppr, {0xff}), papr::Status::success);
    EXPECT_EQ(world.external_raised, 1) << "it still waits";
    EXPECT_EQ(status(papr::Op::xirr), papr::Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 0xff000002u);
    EXPECT_EQ(world.external_raised, 0) << "what was taken is presented no more";
    EXPECT_EQ(status(papr::Op::eoi, {0xff000002}), papr::Status::success);
    EXPECT_EQ(world.external_raised, 0);
}

TEST_F(Deliver, WhatIsPresentedEndsWithItsCause) {
    arch::FakeWorld world{[](Vcpu&, std::uint64_t) {}};
    world.presents_external = true;
    for (const auto& [op, arguments] : {std::pair{papr::Op::ipi, std::array<std::uint64_t, 2>{0, 0xff}},
                                        {papr::Op::cppr, std::array<std::uint64_t, 2>{3, 0}}}) {
        running(0x2000, msr::sf);
        vcpu.presentation = {.cppr = 0xff, .mfrr = 4};
        deliver_pending(vcpu);
        EXPECT_EQ(world.external_raised, 1);
        EXPECT_EQ(status(op, {arguments[0], arguments[1]}), papr::Status::success);
        EXPECT_EQ(world.external_raised, 0);
        EXPECT_FALSE(vcpu.external_raised);
    }
}

TEST_F(Deliver, WhatIsPresentedEndsWithTheTurn) {
    bool presented = false;
    arch::FakeWorld world{[&](Vcpu& entered, std::uint64_t) { presented = entered.external_raised; }};
    world.presents_external = true;
    running(0x2000, msr::sf);
    vcpu.presentation = {.cppr = 0xff, .mfrr = 4};
    vcpu.reset_pending = true;
    arch::run(vcpu, 1);
    EXPECT_EQ(vcpu.registers.nip, 0x100u);
    EXPECT_TRUE(presented) << "behind the system reset";
    EXPECT_EQ(world.external_raised, 0);
}

} // namespace
} // namespace transom::partition

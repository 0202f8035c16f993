// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <transom/base/bits.hpp>

namespace transom::hcall {
namespace {

using papr::Op;
using papr::Status;
using partition::spr_index;

class HcallProcessor : public PartitionTest {
  protected:
    template <std::size_t index> std::uint64_t spr() const { return arch::read_guest_spr<index>(vcpu.registers); }
    Status set_mode(std::uint64_t flags, std::uint64_t resource, std::uint64_t v1 = 0, std::uint64_t v2 = 0) {
        return status(Op::set_mode, {flags, resource, v1, v2});
    }
    static constexpr auto unsupported_bit = [](unsigned bit) { return papr::unsupported_flag(bit); };
};

TEST_F(HcallProcessor, SetModeEndiannessIsTheWholePartitionsAndTakesEffectByLeaving) {
    const Outcome outcome = call(Op::set_mode, {1, 4, 0, 0});
    EXPECT_EQ(outcome.status, Status::success);
    EXPECT_EQ(outcome.then, Then::yield);
    EXPECT_TRUE(vcpu.interrupt_mode.little_endian);
    EXPECT_TRUE(other.interrupt_mode.little_endian);
    EXPECT_EQ(set_mode(0, 4), Status::success);
    EXPECT_FALSE(other.interrupt_mode.little_endian);
}

TEST_F(HcallProcessor, SetModeEndiannessRefusesWhatIsNotDefined) {
    EXPECT_EQ(set_mode(1, 4, 1, 0), Status::p3);
    EXPECT_EQ(set_mode(1, 4, 0, 1), Status::p4);
    EXPECT_EQ(set_mode(2, 4), unsupported_bit(62));
    EXPECT_EQ(set_mode(ibm_bit(0) | 1, 4), unsupported_bit(0));
    EXPECT_FALSE(vcpu.interrupt_mode.little_endian);
}

TEST_F(HcallProcessor, SetModeEndiannessNeedsInterruptsOffOnAllStartedProcessors) {
    vcpu.registers.msr |= partition::msr::ee;
    EXPECT_EQ(set_mode(1, 4), Status::bad_mode);
    vcpu.registers.msr &= ~partition::msr::ee;
    other.registers.msr |= partition::msr::ee;
    EXPECT_EQ(set_mode(1, 4), Status::success) << "a stopped processor does not count";
    other.state = partition::VcpuState::ceded;
    EXPECT_EQ(set_mode(0, 4), Status::bad_mode);
    EXPECT_TRUE(vcpu.interrupt_mode.little_endian);
}

TEST_F(HcallProcessor, SetModeAlternateLocation) {
    for (const std::uint64_t location : {2, 3, 0}) {
        EXPECT_EQ(set_mode(location, 3), Status::success);
        EXPECT_EQ(vcpu.interrupt_mode.alternate_location, location);
        EXPECT_EQ(other.interrupt_mode.alternate_location, location);
    }
    EXPECT_EQ(static_cast<std::int64_t>(set_mode(1, 3)), -318);
    EXPECT_EQ(set_mode(4, 3), unsupported_bit(61));
    EXPECT_EQ(set_mode(3, 3, 1, 0), Status::p3);
    EXPECT_EQ(set_mode(3, 3, 0, 1), Status::p4);
    EXPECT_EQ(vcpu.interrupt_mode.alternate_location, 0);
}

TEST_F(HcallProcessor, SetModeInstructionBreakpoint) {
    EXPECT_EQ(set_mode(0, 1, 0x1002), Status::success);
    EXPECT_EQ(spr<spr_index("CIABR")>(), 0x1002u);
    EXPECT_EQ(set_mode(0, 1, 0x2003), Status::p3) << "would match in hypervisor state";
    EXPECT_EQ(set_mode(0, 1, 0x2002, 1), Status::p4);
    EXPECT_EQ(set_mode(1, 1, 0x2002), unsupported_bit(63));
    EXPECT_EQ(spr<spr_index("CIABR")>(), 0x1002u);
}

TEST_F(HcallProcessor, SetModeWatchpoint) {
    constexpr std::uint64_t user_stores = 0x41;
    EXPECT_EQ(set_mode(0, 2, 0x3000, user_stores), Status::success);
    EXPECT_EQ(spr<spr_index("DAWR0")>(), 0x3000u);
    EXPECT_EQ(spr<spr_index("DAWRX0")>(), user_stores);
    EXPECT_EQ(set_mode(0, 2, 0x4000, ibm_bit(61)), Status::p4) << "would match in hypervisor state";
    EXPECT_EQ(set_mode(0, 2, 0x4000, ibm_bit(0)), Status::p4);
    EXPECT_EQ(set_mode(2, 2, 0x4000), unsupported_bit(62));
    EXPECT_EQ(spr<spr_index("DAWR0")>(), 0x3000u);
}

TEST_F(HcallProcessor, SetModeSecondWatchpointIsThereWhereTheProcessorHasIt) {
    EXPECT_EQ(set_mode(0, 5, 0x3000, 0x41), Status::p2);
    partition.facilities.second_watchpoint = true;
    EXPECT_EQ(set_mode(0, 5, 0x3000, 0x41), Status::success);
    EXPECT_EQ(spr<spr_index("DAWR1")>(), 0x3000u);
    EXPECT_EQ(spr<spr_index("DAWRX1")>(), 0x41u);
    EXPECT_EQ(spr<spr_index("DAWR0")>(), 0u);
    EXPECT_EQ(set_mode(0, 5, 0x4000, ibm_bit(61)), Status::p4);
    EXPECT_EQ(set_mode(1, 5, 0x4000), unsupported_bit(63));
}

TEST_F(HcallProcessor, SetModeLocation2IsNoneWhereTheProcessorHasNotGotIt) {
    partition.facilities.interrupts_at_0x18000 = false;
    EXPECT_EQ(set_mode(2, 3), unsupported_bit(62));
    EXPECT_EQ(set_mode(3, 3), Status::success);
}

TEST_F(HcallProcessor, SetModeKnowsNoOtherResources) {
    for (const std::uint64_t resource : {std::uint64_t{0}, std::uint64_t{5}, ~std::uint64_t{0}})
        EXPECT_EQ(set_mode(0, resource), Status::p2);
}

TEST_F(HcallProcessor, DataBreakpointBecomesAWatchpoint) {
    EXPECT_EQ(status(Op::set_dabr, {0x5000 | 0x6}), Status::success); // translation on, stores
    EXPECT_EQ(spr<spr_index("DAWR0")>(), 0x5000u);
    EXPECT_EQ(spr<spr_index("DAWRX0")>(), 0x40u | 0x10u | 0x3u);
    EXPECT_EQ(status(Op::set_xdabr, {0x6000 | 0x1, 0x9}), Status::success); // loads, any translation, problem state
    EXPECT_EQ(spr<spr_index("DAWR0")>(), 0x6000u);
    EXPECT_EQ(spr<spr_index("DAWRX0")>(), 0x20u | 0x8u | 0x1u);
    for (const std::uint64_t dabrx : {0x0, 0x8, 0x4, 0x7, 0x13})
        EXPECT_EQ(status(Op::set_xdabr, {0x7000, dabrx}), Status::parameter) << dabrx;
    EXPECT_EQ(spr<spr_index("DAWR0")>(), 0x6000u);
}

TEST_F(HcallProcessor, SetSprg0) {
    EXPECT_EQ(status(Op::set_sprg0, {0x123456789abcdef0}), Status::success);
    EXPECT_EQ(spr<spr_index("SPRG0")>(), 0x123456789abcdef0u);
}

TEST_F(HcallProcessor, RegisterProcessTableStaysWithTheHashedPageTable) {
    EXPECT_EQ(status(Op::register_proc_tbl, {0, 0, 0, 0}), Status::success) << "what Linux asks on POWER9";
    EXPECT_EQ(status(Op::register_proc_tbl, {0x18, 0x1000, 0, 12}), Status::success);
    EXPECT_EQ(status(Op::register_proc_tbl, {0x10, 0, 0, 0}), Status::success);
    EXPECT_EQ(status(Op::register_proc_tbl, {0x18, std::uint64_t{1} << 38, 0, 12}), Status::p2);
    EXPECT_EQ(status(Op::register_proc_tbl, {0x18, 0, 8, 12}), Status::p3);
    EXPECT_EQ(status(Op::register_proc_tbl, {0x18, 0, 0, 25}), Status::p4);
    EXPECT_EQ(status(Op::register_proc_tbl, {0x8, 0, 0, 0}), Status::success) << "without change";
    for (const std::uint64_t refused : {0x1c, 0x4, 0x1a, 0x2, 0x19, 0x20})
        EXPECT_EQ(status(Op::register_proc_tbl, {refused, 0, 0, 0}), Status::parameter) << refused;
}

TEST_F(HcallProcessor, CharacteristicsAreThePessimistsUntilThePlatformSaysBetter) {
    EXPECT_EQ(status(Op::get_cpu_characteristics), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 0u);
    EXPECT_EQ(vcpu.registers.gpr[5], ibm_bit(0) | ibm_bit(1) | ibm_bit(2));
    partition.cpu_characteristics = {ibm_bit(2), ibm_bit(0)};
    call(Op::get_cpu_characteristics);
    EXPECT_EQ(vcpu.registers.gpr[4], ibm_bit(2));
    EXPECT_EQ(vcpu.registers.gpr[5], ibm_bit(0));
}

} // namespace
} // namespace transom::hcall

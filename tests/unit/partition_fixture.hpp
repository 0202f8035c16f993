// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/fake_machine.hpp>
#include <arch/guest_spr.hpp>
#include <arch/real_memory.hpp>
#include <array>
#include <gmock/gmock.h>
#include <initializer_list>
#include <memory>
#include <papr/opcode.hpp>
#include <papr/status.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/partition.hpp>

namespace transom {

/// A partition of two processors and two blocks of memory on the fake machine, the first processor inside it with
/// interrupts off. Logical memory is not contiguous in real memory.
class PartitionTest : public testing::Test {
  protected:
    PartitionTest() {
        // The fake machine's memory begins at a multiple of the block size; the second block comes first.
        EXPECT_TRUE(partition.memory.add_block(arch::fake_real_base + memory::block_size));
        EXPECT_TRUE(partition.memory.add_block(arch::fake_real_base));
        partition.state = partition::PartitionState::running;
        partition.vcpu_count = 2;
        // The fake machine has nothing random, and no associativity.
        partition.allowed_calls.allow(
            papr::FunctionSets::all().without(papr::FunctionSet::random).without(papr::FunctionSet::vphn));
        for (std::uint32_t i = 0; i < partition.vcpu_count; ++i) {
            partition.vcpus[i].partition = &partition;
            partition.vcpus[i].index = i;
        }
        vcpu.state = partition::VcpuState::ready;
        vcpu.registers.msr = partition::msr::sf | partition::msr::me;
        partition.sources.add(vio::terminal_source, interrupt::Trigger::message);
    }

    /// Makes the first processor call, and checks that r3 says what the outcome does.
    hcall::Outcome call(papr::Op op, std::initializer_list<std::uint64_t> arguments = {}) {
        return call(vcpu, op, arguments);
    }
    static hcall::Outcome call(partition::Vcpu& caller, papr::Op op, std::initializer_list<std::uint64_t> arguments) {
        auto& gpr = caller.registers.gpr;
        gpr[3] = static_cast<std::uint64_t>(op);
        std::size_t i = 4;
        for (const std::uint64_t argument : arguments)
            gpr[i++] = argument;
        const std::uint64_t nip = caller.registers.nip;
        const hcall::Outcome outcome = hcall::dispatch(caller);
        if (outcome.then == hcall::Then::missing) {
            EXPECT_EQ(gpr[3], static_cast<std::uint64_t>(op));
            EXPECT_EQ(caller.registers.nip, nip - 4) << "the call is to be made again";
        } else {
            EXPECT_EQ(gpr[3], static_cast<std::uint64_t>(outcome.status));
            EXPECT_EQ(caller.registers.nip, nip);
        }
        return outcome;
    }
    papr::Status status(papr::Op op, std::initializer_list<std::uint64_t> arguments = {}) {
        return call(op, arguments).status;
    }

    template <std::unsigned_integral T> void poke(std::uint64_t logical, T value) {
        EXPECT_TRUE(partition.memory.store(LogicalAddr{logical}, Be<T>(value)));
    }
    template <std::unsigned_integral T> T peek(std::uint64_t logical) const {
        const auto value = partition.memory.load<Be<T>>(LogicalAddr{logical});
        EXPECT_TRUE(value);
        return value ? T(*value) : T{};
    }

    arch::FakeMachine machine{2 * memory::block_size};
    std::unique_ptr<partition::Partition> owner = std::make_unique<partition::Partition>();
    partition::Partition& partition = *owner;
    partition::Vcpu& vcpu = partition.vcpus[0];
    partition::Vcpu& other = partition.vcpus[1];
    const std::uint64_t memory_end = 2 * memory::block_size;
};

} // namespace transom

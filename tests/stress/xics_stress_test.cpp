// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"
#include <algorithm>
#include <arch/fake_machine.hpp>
#include <array>
#include <chrono>
#include <gtest/gtest.h>
#include <initializer_list>
#include <memory>
#include <papr/opcode.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/partition.hpp>
#include <transom/partition/terminals.hpp>
#include <transom/rtas/table.hpp>

namespace transom::stress {
namespace {

using interrupt::Trigger;
using papr::Op;
using papr::Status;
using partition::Vcpu;

constexpr std::uint32_t vcpus = 4, devices = 2;
constexpr std::uint32_t sources = 6; // even ones are message sources, odd ones level
constexpr unsigned steps = 10'000;   // of each virtual processor, at least
constexpr std::uint64_t times = 200; // that a device raises a source
constexpr std::uint32_t masked = 0xff;

/// A device's interrupt source. A device raises it only when what it raised last has been handled, so each must come once.
struct Device {
    std::atomic<std::uint64_t> raised = 0, taken = 0;
    std::atomic<bool> handled_now = false; // level: taken and not ended

    static Trigger trigger(std::uint32_t index) { return index % 2 == 0 ? Trigger::message : Trigger::level; }
};

class XicsStress : public testing::Test {
  protected:
    XicsStress() {
        EXPECT_TRUE(partition.memory.add_block(arch::fake_real_base));
        partition.state = partition::PartitionState::running;
        partition.vcpu_count = vcpus;
        partition.allowed_calls.allow(
            papr::FunctionSets::all().without(papr::FunctionSet::random).without(papr::FunctionSet::vphn));
        for (std::uint32_t i = 0; i < vcpus; ++i) {
            partition.vcpus[i].partition = &partition;
            partition.vcpus[i].index = i;
            partition.vcpus[i].presentation.cppr = masked;
        }
        for (std::uint32_t i = 0; i < sources; ++i)
            partition.sources.add(number(i), Device::trigger(i));
    }

    static std::uint32_t number(std::uint32_t source) { return interrupt::first_source + source; }

    static std::uint64_t call(Vcpu& vcpu, Op op, std::initializer_list<std::uint64_t> arguments = {}) {
        auto& gpr = vcpu.registers.gpr;
        gpr[3] = static_cast<std::uint64_t>(op);
        std::ranges::copy(arguments, gpr.begin() + 4);
        EXPECT_EQ(hcall::dispatch(vcpu).status, Status::success);
        return gpr[4];
    }
    void rtas(Vcpu& vcpu, std::string_view name, std::initializer_list<std::uint32_t> inputs) {
        const auto row = std::ranges::find(rtas::rows(), name, &rtas::Row::name);
        std::array<Be<std::uint32_t>, 8> block{};
        block[0] = row->token;
        block[1] = row->inputs;
        block[2] = row->outputs;
        std::ranges::copy(inputs, block.begin() + 3);
        const LogicalAddr at{kib(4) * vcpu.index};
        EXPECT_TRUE(partition.memory.write(at, std::as_bytes(std::span(block))));
        call(vcpu, Op::rtas, {at.value});
    }

    bool interrupted(const Vcpu& vcpu) {
        const Locked events(partition.events);
        return partition::external_pending(vcpu);
    }
    void take(Vcpu& vcpu, Random& random);
    void handle(std::uint32_t source);
    void step(Vcpu& vcpu, Random& random);
    void raise(std::uint32_t source);
    void drain();

    arch::FakeMachine machine{memory::block_size};
    std::unique_ptr<partition::Partition> owner = std::make_unique<partition::Partition>();
    partition::Partition& partition = *owner;
    std::array<Device, sources> device;
    std::array<std::atomic<std::uint64_t>, vcpus> inbox{}, sent{}, received{};
};

void XicsStress::handle(std::uint32_t source) {
    Device& its = device[source];
    EXPECT_LT(its.taken, its.raised) << "source " << source << " came twice";
    if (Device::trigger(source) == Trigger::message) {
        ++its.taken;
        return;
    }
    EXPECT_FALSE(its.handled_now.exchange(true)) << "source " << source << " is handled twice at once";
    const Locked events(partition.events);
    partition.sources.find(number(source))->pending = false; // as the device does when the handler has reached it
    ++its.taken;
    its.handled_now = false; // before its EOI nobody gets it anyway
}

/// What an interrupt handler does; sometimes a more favoured interrupt comes before it ends.
void XicsStress::take(Vcpu& vcpu, Random& random) {
    const std::uint64_t xirr = call(vcpu, Op::xirr);
    const std::uint32_t source = xirr & 0xffffff;
    if (source == interrupt::no_source)
        return; // it was masked meanwhile, or went to another
    if (source == interrupt::ipi_source) {
        call(vcpu, Op::ipi, {vcpu.index, masked});
        received[vcpu.index] += inbox[vcpu.index].exchange(0, std::memory_order_relaxed);
    } else {
        ASSERT_LT(source - interrupt::first_source, sources);
        handle(source - interrupt::first_source);
    }
    if (random.one_in(2) && interrupted(vcpu))
        take(vcpu, random);
    call(vcpu, Op::eoi, {xirr});
}

void XicsStress::step(Vcpu& vcpu, Random& random) {
    if (interrupted(vcpu))
        return take(vcpu, random);
    const auto source = static_cast<std::uint32_t>(random.below(sources));
    switch (random.below(8)) {
    case 0:
    case 1:
    case 2: {
        const std::uint64_t to = random.below(vcpus);
        ++sent[to];
        inbox[to].fetch_add(1, std::memory_order_relaxed);
        call(vcpu, Op::ipi, {to, 4 + random.below(3)});
        return;
    }
    case 3:
        call(vcpu, Op::cppr, {random.one_in(2) ? 5 : random.below(8)});
        call(vcpu, Op::cppr, {masked});
        return;
    case 4:
        return rtas(vcpu, "ibm,set-xive",
                    {number(source), static_cast<std::uint32_t>(random.below(vcpus)),
                     random.one_in(8) ? masked : static_cast<std::uint32_t>(3 + random.below(4))});
    case 5:
        return rtas(vcpu, random.one_in(4) ? "ibm,int-off" : "ibm,int-on", {number(source)});
    case 6:
        call(vcpu, Op::ipoll, {random.below(vcpus)});
        return;
    default:
        return rtas(vcpu, "ibm,get-xive", {number(source)});
    }
}

void XicsStress::raise(std::uint32_t source) {
    Device& its = device[source];
    if (its.taken != its.raised)
        return;
    {
        const Locked events(partition.events);
        ++its.raised;
        if (Device::trigger(source) == Trigger::message)
            partition.sources.signal(number(source));
        else
            partition.sources.find(number(source))->pending = true;
    }
    partition::alert_server(partition, number(source));
}

/// When nothing is sent any more: whatever is still on its way arrives.
void XicsStress::drain() {
    Random random(0, 0);
    for (std::uint32_t i = 0; i < sources; ++i) {
        rtas(partition.vcpus[0], "ibm,set-xive", {number(i), i % vcpus, 5});
        rtas(partition.vcpus[0], "ibm,int-on", {number(i)});
    }
    for (std::uint32_t i = 0; i < vcpus; ++i)
        while (interrupted(partition.vcpus[i]))
            take(partition.vcpus[i], random);
}

TEST_F(XicsStress, EachInterruptComesOnce) {
    const std::uint64_t from = seed();
    std::atomic<unsigned> raising = devices;
    // A device whose interrupt is lost waits for ever. No host is so busy that this is too little.
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(200);
    run_threads(vcpus + devices, [&](unsigned i) {
        Random random(from, i);
        if (i < vcpus) {
            for (unsigned n = 0; n < steps || raising != 0; ++n)
                step(partition.vcpus[i], random);
            return;
        }
        for (std::uint32_t source = i - vcpus; source < sources; source += devices)
            while (device[source].raised < times && std::chrono::steady_clock::now() < give_up) {
                raise(source);
                std::this_thread::yield();
            }
        --raising;
    });
    drain();
    std::uint64_t interrupts = 0, messages = 0;
    for (std::uint32_t i = 0; i < sources; ++i) {
        EXPECT_EQ(device[i].taken.load(), device[i].raised.load()) << "source " << i;
        EXPECT_EQ(device[i].raised.load(), times) << "source " << i << " stopped coming";
        EXPECT_FALSE(partition.sources.table[i].in_service || partition.sources.table[i].pending);
        interrupts += device[i].taken;
    }
    for (std::uint32_t i = 0; i < vcpus; ++i) {
        EXPECT_EQ(received[i].load(), sent[i].load()) << "of virtual processor " << i << " with an IPI";
        EXPECT_EQ(partition.vcpus[i].presentation.cppr, masked);
        EXPECT_EQ(partition.vcpus[i].presentation.mfrr, interrupt::least_favoured);
        messages += received[i];
    }
    std::printf("interrupts of devices %llu, messages %llu\n", static_cast<unsigned long long>(interrupts),
                static_cast<unsigned long long>(messages));
}

} // namespace
} // namespace transom::stress

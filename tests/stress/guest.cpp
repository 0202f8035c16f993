// SPDX-License-Identifier: Apache-2.0
#include "guest.hpp"
#include <algorithm>
#include <arch/clock.hpp>
#include <arch/guest_spr.hpp>
#include <gtest/gtest.h>
#include <papr/vpa.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/msr.hpp>
#include <transom/rtas/table.hpp>

namespace transom::stress {

using hcall::Then;
using papr::Op;
using partition::Vcpu;

namespace {

constexpr std::uint64_t ipi_priority = 4, everything = 0xff;
constexpr std::uint64_t millisecond = 512'000;
constexpr std::size_t own_register = 20; // callers keep it
constexpr std::uint64_t all = ~std::uint64_t{0};

/// A page of the virtual processor's own: its VPA, and behind that the argument block of its RTAS calls.
LogicalAddr own_page(const Vcpu& vcpu) { return {kib(4) * (1 + vcpu.index)}; }
LogicalAddr own_block(const Vcpu& vcpu) { return own_page(vcpu) + 0x800; }

} // namespace

Then Guest::call(Vcpu& vcpu, Op op, std::initializer_list<std::uint64_t> arguments) {
    auto& gpr = vcpu.registers.gpr;
    gpr[3] = static_cast<std::uint64_t>(op);
    std::ranges::copy(arguments, gpr.begin() + 4);
    ++calls_;
    const hcall::Outcome outcome = hcall::dispatch(vcpu);
    EXPECT_NE(outcome.then, Then::missing);
    return outcome.then;
}

Then Guest::rtas(Vcpu& vcpu, std::string_view name, std::initializer_list<std::uint32_t> inputs) {
    const auto row = std::ranges::find(rtas::rows(), name, &rtas::Row::name);
    std::array<Be<std::uint32_t>, 16> block{};
    block[0] = row->token;
    block[1] = row->inputs;
    block[2] = row->outputs;
    std::ranges::copy(inputs, block.begin() + 3);
    EXPECT_TRUE(vcpu.partition->memory.write(own_block(vcpu), std::as_bytes(std::span(block))));
    const Then then = call(vcpu, Op::rtas, {own_block(vcpu).value});
    EXPECT_EQ(vcpu.registers.gpr[3], 0u) << name;
    return then;
}

/// The handler of the external interrupt: an inter-processor interrupt, or the terminal's.
void Guest::take_interrupt(Vcpu& vcpu) {
    call(vcpu, Op::xirr);
    const std::uint64_t xirr = vcpu.registers.gpr[4];
    if ((xirr & 0xffffff) == interrupt::no_source)
        return; // somebody else has got it meanwhile, or it was withdrawn
    if ((xirr & 0xffffff) == interrupt::ipi_source) {
        call(vcpu, Op::ipi, {vcpu.index, everything});
        messages.exchange(0, std::memory_order_relaxed);
    } else {
        do {
            call(vcpu, Op::get_term_char, {vio::terminal_unit});
        } while (vcpu.registers.gpr[4] != 0);
    }
    call(vcpu, Op::eoi, {xirr});
    EXPECT_EQ(vcpu.registers.gpr[3], 0u);
}

/// Where execution goes on after an interrupt, a start or a wait.
void Guest::arrive(Vcpu& vcpu) {
    std::uint64_t at = vcpu.registers.nip;
    if (at == static_cast<std::uint64_t>(partition::Vector::system_reset))
        at = arch::read_guest_spr<partition::spr_index("SRR0")>(vcpu.registers); // goes on
    vcpu.registers.nip = 0;
    if (at == entry) {
        turns_since_start_ = 0;
        EXPECT_EQ(vcpu.registers.gpr[own_register], 0u);
        call(vcpu, Op::cppr, {everything});
        for (std::uint32_t i = 1; i < vcpu.partition->vcpu_count; ++i)
            rtas(vcpu, "start-cpu", {i, entry, 0});
    } else if (at == static_cast<std::uint64_t>(partition::Vector::external)) {
        take_interrupt(vcpu);
    }
    EXPECT_EQ(vcpu.registers.gpr[own_register], turns_since_start_) << "not what the last turn left";
    vcpu.registers.msr |= partition::msr::ee;
}

Then Guest::confer(Vcpu& vcpu) {
    const std::uint64_t to = any_processor(vcpu);
    switch (random_.below(3)) {
    case 0:
        return call(vcpu, Op::confer, {all, 0});
    case 1: // until a prod or an interrupt
        return call(vcpu, Op::confer, {vcpu.index, 0});
    default:
        break;
    }
    std::uint32_t counter;
    {
        const Locked events(vcpu.partition->events); // a partition reads it in the other's VPA
        counter = vcpu.partition->vcpus[to].areas.dispatch_counter;
    }
    return call(vcpu, Op::confer, {to, counter});
}

Then Guest::act_seldom(Vcpu& vcpu, Home& home) {
    const auto source = vio::terminal_source;
    switch (random_.below(14)) {
    case 0:
    case 1:
        return rtas(vcpu, "stop-self", {});
    case 2:
        if (random_.one_in(2))
            return call(vcpu, Op::signal_sys_reset, {any_processor(vcpu)});
        return call(vcpu, Op::signal_sys_reset, {all - 1}); // all others
    case 3:
        if (random_.one_in(4))
            home.going_down.store(true, std::memory_order_relaxed);
        return Then::resume;
    case 4:
        return rtas(vcpu, "ibm,set-xive",
                    {source, static_cast<std::uint32_t>(any_processor(vcpu)), random_.one_in(4) ? 0xffu : 5u});
    case 5:
        return rtas(vcpu, "ibm,int-off", {source});
    case 6:
        return rtas(vcpu, "ibm,int-on", {source});
    case 7: {
        const std::uint64_t page = own_page(vcpu).value;
        if (!vpa_registered_) {
            EXPECT_TRUE(vcpu.partition->memory.store(own_page(vcpu) + papr::vpa::size_offset,
                                                     Be<std::uint16_t>(papr::vpa::smallest)));
        }
        const std::uint64_t function = (vpa_registered_ ? 5ull : 1ull) << 45;
        vpa_registered_ = !vpa_registered_;
        const Then then = call(vcpu, Op::register_vpa, {function, vcpu.index, page});
        EXPECT_EQ(vcpu.registers.gpr[3], 0u);
        return then;
    }
    case 8:
        return call(vcpu, Op::put_term_char, {vio::terminal_unit, 2, 0x6162000000000000, 0});
    case 10: // where interrupts begin
        return call(vcpu, Op::set_mode, {random_.one_in(2) ? 3ull : 0ull, 3, 0, 0});
    case 9:
        return rtas(vcpu, "query-cpu-stopped-state", {static_cast<std::uint32_t>(any_processor(vcpu))});
    default:
        return rtas(vcpu, "start-cpu", {static_cast<std::uint32_t>(any_processor(vcpu)), entry, 0});
    }
}

Then Guest::act(Vcpu& vcpu, Home& home) {
    if (home.going_down.load(std::memory_order_relaxed) && random_.one_in(2))
        return random_.one_in(2) ? rtas(vcpu, "power-off", {}) : rtas(vcpu, "system-reboot", {});
    switch (random_.below(16)) {
    case 0:
    case 1:
    case 2:
        // Some wait for nothing but others.
        vcpu.decrementer_expiry =
            arch::timebase() + (random_.one_in(8) ? 4 * millisecond : random_.below(millisecond / 4));
        return call(vcpu, Op::cede);
    case 3:
    case 4:
    case 5:
        return call(vcpu, Op::prod, {any_processor(vcpu)});
    case 6:
    case 7:
    case 8: {
        const std::uint64_t to = any_processor(vcpu);
        home.guests[to].messages.fetch_add(1, std::memory_order_relaxed);
        return call(vcpu, Op::ipi, {to, ipi_priority});
    }
    case 9:
        return confer(vcpu);
    case 10: {
        vcpu.registers.msr &= ~partition::msr::ee;
        const Then then = call(vcpu, Op::join);
        if (then == Then::resume) // prodded before, or the last one
            vcpu.registers.msr |= partition::msr::ee;
        return then;
    }
    case 11:
    case 12:
        return act_seldom(vcpu, home);
    default:
        return Then::resume; // computes
    }
}

void Guest::run(Vcpu& vcpu, std::uint64_t slice, Home& home, Bedroom& bedroom) {
    ++turns_;
    arrive(vcpu);
    vcpu.registers.gpr[own_register] = ++turns_since_start_;
    for (std::uint64_t used = 0; used < slice;) {
        // A kick takes its time.
        if ((random_.one_in(2) && bedroom.take_kick()) || act(vcpu, home) != Then::resume)
            return;
        const std::uint64_t ticks = 1 + random_.below(millisecond / 16);
        bedroom.work(ticks);
        used += ticks;
    }
}

} // namespace transom::stress

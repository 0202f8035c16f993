// SPDX-License-Identifier: Apache-2.0
// The interrupt presentation calls. LoPAR "Virtualizing Partition Interrupts": H_XIRR, H_EOI, H_CPPR, H_IPI, H_IPOLL.
#include "case.hpp"

#include "../common/spr.hpp"

namespace conform {

namespace {

using guest::allow_interrupts;
using guest::asynchronous;
using guest::timebase;

constexpr std::uint64_t self = 0; // interrupt server number of the first processor
constexpr std::uint64_t ipi_source = 2, open = 0xff, no_request = 0xff;

volatile std::uint64_t accepted; // r4 of the H_XIRR in the handler

void accept() {
    accepted = hcall(call::xirr).r(4) & 0xffff'ffff;
    hcall(call::ipi, self, no_request);
    hcall(call::eoi, accepted);
}

/// Starts each case with an open, silent presentation controller.
void start() {
    allow_interrupts(false);
    guest::set_decrementer(guest::decrementer_idle);
    hcall(call::ipi, self, no_request);
    hcall(call::cppr, open);
    asynchronous.externals = 0;
    asynchronous.on_external = &accept;
    accepted = 0;
}

void finish() {
    allow_interrupts(false);
    hcall(call::ipi, self, no_request);
    hcall(call::cppr, 0);
    asynchronous.on_external = nullptr;
}

/// Lets interrupts in for a while, a tenth of a second at most.
void let_in(Context& context, std::uint64_t wanted) {
    const auto begin = timebase();
    allow_interrupts(true);
    while (asynchronous.externals < wanted && timebase() - begin < context.machine().timebase_frequency / 10) {}
    allow_interrupts(false);
}

/// The same for what must not come.
void let_in_briefly() {
    const auto begin = timebase();
    allow_interrupts(true);
    while (timebase() - begin < 200'000) {}
    allow_interrupts(false);
}

std::uint64_t xirr() { return hcall(call::xirr).r(4) & 0xffff'ffff; }

void nothing_pending(Context& context) {
    start();
    const auto answer = hcall(call::xirr);
    context.status("status", answer.status, status::success);
    context.value("xirr", answer.r(4) & 0xffff'ffff, 0xff00'0000);
    finish();
}

void priority_in_xirr(Context& context) {
    start();
    context.status("cppr", hcall(call::cppr, 5).status, status::success);
    context.value("xirr", xirr(), 0x0500'0000);
    finish();
}

void to_self(Context& context) {
    start();
    context.status("ipi", hcall(call::ipi, self, 4).status, status::success);
    let_in(context, 1);
    context.value("taken", asynchronous.externals, 1);
    context.value("xirr", accepted, 0xff00'0000 | ipi_source);
    let_in_briefly();
    context.value("taken_once", asynchronous.externals, 1);
    finish();
}

void again_and_again(Context& context) {
    start();
    for (std::uint64_t i = 1; i <= 50; ++i) {
        hcall(call::ipi, self, 4);
        let_in(context, i);
    }
    context.value("taken", asynchronous.externals, 50);
    finish();
}

void while_interrupts_are_on(Context& context) {
    start();
    allow_interrupts(true);
    hcall(call::ipi, self, 4);
    let_in(context, 1);
    context.value("taken", asynchronous.externals, 1);
    finish();
}

void held_back_by_priority(Context& context) {
    start();
    hcall(call::cppr, 4);
    hcall(call::ipi, self, 4);
    let_in_briefly();
    context.value("equal", asynchronous.externals, 0);
    hcall(call::cppr, 5);
    let_in(context, 1);
    context.value("lower", asynchronous.externals, 1);
    context.value("xirr", accepted, 0x0500'0000 | ipi_source);
    finish();
}

void accepting_raises_priority(Context& context) {
    start();
    hcall(call::ipi, self, 4);
    context.value("xirr", xirr(), 0xff00'0000 | ipi_source);
    hcall(call::ipi, self, no_request);
    context.value("during", xirr(), 0x0400'0000);
    context.status("eoi", hcall(call::eoi, 0xff00'0000 | ipi_source).status, status::success);
    context.value("after", xirr(), 0xff00'0000);
    finish();
}

void withdrawn(Context& context) {
    start();
    hcall(call::ipi, self, 4);
    hcall(call::ipi, self, no_request);
    let_in_briefly(); // one that was on its way may still come: not compared
    context.value("xirr", xirr(), 0xff00'0000);
    finish();
}

void poll(Context& context) {
    start();
    hcall(call::ipi, self, 4);
    const auto answer = hcall(call::ipoll, self);
    context.status("status", answer.status, status::success);
    context.value("xirr", answer.r(4) & 0xffff'ffff, 0xff00'0000 | ipi_source);
    context.value("mfrr", answer.r(5) & 0xff, 4);
    context.value("still_there", xirr(), 0xff00'0000 | ipi_source);
    hcall(call::ipi, self, no_request);
    hcall(call::eoi, 0xff00'0000 | ipi_source);
    finish();
}

void accepting_with_time(Context& context) {
    start();
    hcall(call::ipi, self, 4);
    const auto before = timebase();
    const auto answer = hcall(call::xirr_x, open);
    const auto after = timebase();
    context.status("status", answer.status, status::success);
    context.value("xirr", answer.r(4) & 0xffff'ffff, 0xff00'0000 | ipi_source);
    context.holds("time_is_now", before <= answer.r(5) && answer.r(5) <= after);
    hcall(call::ipi, self, no_request);
    hcall(call::eoi, 0xff00'0000 | ipi_source);
    finish();
}

void eoi_of_nothing(Context& context) {
    start();
    context.status("no_source", hcall(call::eoi, 0xff00'0000 | 0xff'fff0).status, status::parameter);
    context.value("still_open", xirr(), 0xff00'0000);
    finish();
}

/// Registers have 64 bits and priorities 8, XIRR 32: what is above does not count.
void high_bits(Context& context) {
    constexpr std::uint64_t high = 0xffff'ffff'0000'0000;
    start();
    context.status("cppr", hcall(call::cppr, high | 0x105).status, status::success);
    context.value("xirr", xirr(), 0x0500'0000);
    hcall(call::cppr, open);
    context.status("ipi", hcall(call::ipi, self, high | 0x104).status, status::success);
    context.value("accepted", xirr(), 0xff00'0000 | ipi_source);
    hcall(call::ipi, self, no_request);
    context.status("eoi", hcall(call::eoi, high | 0xff00'0000 | ipi_source).status, status::success);
    context.value("after", xirr(), 0xff00'0000);
    context.status("xirr_x", hcall(call::xirr_x, ~std::uint64_t{0}).status, status::success);
    finish();
}

void nobody(Context& context) {
    start();
    context.status("ipi", hcall(call::ipi, 4095, 4).status, status::parameter);
    context.status("ipi_all_ones", hcall(call::ipi, ~std::uint64_t{0}, 4).status, status::parameter);
    context.status("ipoll", hcall(call::ipoll, 4095).status, status::parameter);
    context.status("ipoll_all_ones", hcall(call::ipoll, ~std::uint64_t{0}).status, status::parameter);
    finish();
}

void ends_cede(Context& context) {
    start();
    asynchronous.decrementers = 0;
    guest::set_decrementer(context.machine().timebase_frequency / 4);
    hcall(call::ipi, self, 4);
    context.status("cede", hcall(call::cede).status, status::success);
    const auto decrementers = asynchronous.decrementers;
    allow_interrupts(false);
    context.value("taken", asynchronous.externals, 1);
    context.value("waited_for_decrementer", decrementers, 0);
    finish();
}

constexpr std::array cases = {
    Case{"xics.nothing_pending", &nothing_pending, good(call::xirr)},
    Case{"xics.priority_in_xirr", &priority_in_xirr, good(call::cppr, call::xirr)},
    Case{"xics.to_self", &to_self, good(call::ipi)},
    Case{"xics.again_and_again", &again_and_again, good(call::ipi, call::xirr, call::eoi)},
    Case{"xics.while_interrupts_are_on", &while_interrupts_are_on, good(call::ipi)},
    Case{"xics.held_back_by_priority", &held_back_by_priority, good(call::cppr, call::ipi)},
    Case{"xics.accepting_raises_priority", &accepting_raises_priority, good(call::eoi, call::xirr)},
    Case{"xics.withdrawn", &withdrawn, good(call::ipi)},
    Case{"xics.poll", &poll, good(call::ipoll)},
    Case{"xics.accepting_with_time", &accepting_with_time, good(call::xirr_x)},
    Case{"xics.eoi_of_nothing", &eoi_of_nothing, boundary(call::eoi)},
    Case{"xics.high_bits", &high_bits, hostile(call::cppr, call::ipi, call::eoi, call::xirr_x)},
    Case{"xics.nobody", &nobody, boundary(call::ipi, call::ipoll) | hostile(call::ipi, call::ipoll)},
    Case{"xics.ends_cede", &ends_cede, good(call::cede, call::ipi)},
};

} // namespace

std::span<const Case> xics_cases() { return cases; }

} // namespace conform

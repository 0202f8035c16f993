// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include "spr.hpp"

namespace guest {

constinit thread_local volatile Asynchronous asynchronous;

namespace {

struct GuardArea {
    std::array<std::uint64_t, 19> saved; // r1, r14 to r31
};
thread_local GuardArea guard_area;
thread_local Fault guard_fault;
thread_local bool guard_armed = false;
thread_local std::uint64_t guard_msr = 0; // of the code that asked for it

extern "C" bool guarded_call(GuardArea* area, void (*body)(), std::uint64_t, std::uint64_t, std::uint64_t);
extern "C" void guard_resume();
extern "C" void body_load();
extern "C" void body_store();
extern "C" void body_execute();

bool take_asynchronous(InterruptFrame& frame) {
    if (frame.vector == 0x900) {
        asynchronous.last_decrementer_at = timebase();
        asynchronous.decrementers = asynchronous.decrementers + 1;
        set_decrementer(asynchronous.decrementer_reload);
    } else if (frame.vector == 0x500 && asynchronous.on_external) {
        asynchronous.externals = asynchronous.externals + 1;
        asynchronous.on_external();
    } else if (frame.vector == 0x200 && asynchronous.accepts_resets) {
        asynchronous.resets = asynchronous.resets + 1;
        if (asynchronous.on_reset)
            asynchronous.on_reset();
    } else {
        return false;
    }
    asynchronous.last_srr0 = frame.srr0;
    asynchronous.last_srr1 = frame.srr1;
    return true;
}

} // namespace

Fault guarded(void (*body)(), std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    guard_fault = {};
    guard_msr = read_msr();
    guard_armed = true;
    guarded_call(&guard_area, body, a, b, c);
    guard_armed = false;
    return guard_fault;
}

void lead_resets_on() {
    constexpr std::uint32_t branch_to_next_vector = 0x4800'0100;
    auto* const vector = reinterpret_cast<volatile std::uint32_t*>(0x100);
    *vector = branch_to_next_vector;
    asm volatile("dcbst 0, %0\n sync\n icbi 0, %0\n isync" : : "r"(vector) : "memory");
}

void accept_resets(bool accept) { asynchronous.accepts_resets = accept; }

Fault guarded_load(std::uint64_t address, std::uint64_t& result, std::uint64_t bits) {
    return guarded(&body_load, address, reinterpret_cast<std::uint64_t>(&result), bits);
}

Fault guarded_store(std::uint64_t address, std::uint64_t value, std::uint64_t bits) {
    return guarded(&body_store, address, value, bits);
}

Fault guarded_execute(std::uint64_t address, std::uint64_t machine_state, std::uint64_t r3) {
    return guarded(&body_execute, address, r3, machine_state);
}

extern "C" void guest_interrupt(InterruptFrame* frame) {
    if (take_asynchronous(*frame))
        return;
    if (!guard_armed)
        unexpected_interrupt(*frame);
    guard_armed = false;
    guard_fault = {.taken = true,
                   .vector = frame->vector,
                   .srr0 = frame->srr0,
                   .srr1 = frame->srr1,
                   .dar = frame->dar,
                   .dsisr = frame->dsisr};
    for (unsigned n = 3; n <= 12; ++n)
        guard_fault.gpr[n - 3] = frame->gpr[n];
    frame->srr0 = reinterpret_cast<std::uint64_t>(&guard_resume);
    frame->srr1 = guard_msr;
    frame->gpr[3] = reinterpret_cast<std::uint64_t>(&guard_area);
}

} // namespace guest

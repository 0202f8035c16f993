// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace guest {

/// What an interrupt found, as interrupt.S lays it out. The handler may change it: it is restored from here.
struct InterruptFrame {
    std::array<std::uint64_t, 32> gpr;
    std::uint64_t srr0, srr1, lr, ctr, xer, cr, dar, dsisr, vector;
};
static_assert(offsetof(InterruptFrame, srr0) == 256 && offsetof(InterruptFrame, vector) == 320);

/// An interrupt that a guarded piece of code was expected to be able to take.
struct Fault {
    bool taken = false;
    std::uint64_t vector = 0, srr0 = 0, srr1 = 0, dar = 0, dsisr = 0;
    std::array<std::uint64_t, 10> gpr{}; // r3 to r12 at that moment

    std::uint64_t r(unsigned n) const { return gpr[n - 3]; }
};

/// Loads a doubleword at an effective address with MSR[DR] on (or whatever `bits` says); the result where none was taken.
Fault guarded_load(std::uint64_t address, std::uint64_t& result, std::uint64_t bits);
Fault guarded_store(std::uint64_t address, std::uint64_t value, std::uint64_t bits);
/// Goes to `address` with the given MSR and r3. What is there must end in an interrupt.
Fault guarded_execute(std::uint64_t address, std::uint64_t machine_state, std::uint64_t r3);
/// Calls an assembler routine with three arguments; says what interrupt ended it, if one did.
Fault guarded(void (*body)(), std::uint64_t a, std::uint64_t b, std::uint64_t c);

/// Interrupts that come from outside, of each processor: the handler counts decrementers, reloads the decrementer with
/// `decrementer_reload`, and calls `on_external` and `on_reset` (if any).
struct Asynchronous {
    std::uint64_t decrementers = 0;
    std::uint64_t decrementer_reload = 0x7fff'ffff;
    std::uint64_t last_decrementer_at = 0; // timebase
    std::uint64_t externals = 0;
    bool accepts_resets = false; // else a system reset is unexpected
    std::uint64_t resets = 0;
    std::uint64_t last_srr0 = 0;
    std::uint64_t last_srr1 = 0;
    void (*on_external)() = nullptr;
    void (*on_reset)() = nullptr;
};
extern constinit thread_local volatile Asynchronous asynchronous;

/// The vector at 0x100 is where the guest is entered: from now on it leads to the next one, which is the machine check's.
void lead_resets_on();
/// The calling processor counts system resets from now on, or no longer.
void accept_resets(bool accept);

/// Called for an interrupt that nobody expected; must not return. Each guest defines it.
[[noreturn]] void unexpected_interrupt(const InterruptFrame& frame);

} // namespace guest

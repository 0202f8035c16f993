// SPDX-License-Identifier: Apache-2.0
// A partition that keeps its interrupts off and wants all of the machine: its bootargs say how. `calls`: hypervisor calls one after the
// other; `waits`: calls that wait, give way, or wake who waits; `areas`: its memory zeroed, areas registered and forgotten; `reboots`: a start anew as soon as it has started; `faults`: accesses to what it does not have; `illegal`: instructions that no processor has.
#include "../common/guest.hpp"
#include "../common/hypercall.hpp"
#include "../common/random.hpp"
#include "../common/rtas.hpp"
#include "../common/spr.hpp"

#include <array>

namespace {

using namespace guest;

/// Those that neither wait, nor change the caller's memory, nor end it.
constexpr std::array tokens = {
    call::remove, call::enter,        call::read,         call::clear_mod, call::clear_ref,      call::protect,
    call::eoi,    call::cppr,         call::ipoll,        call::xirr,      call::prod,           call::bulk_remove,
    call::icbi,   call::dcbf,         call::block_remove, call::random,    call::get_ppp,        call::purr,
    call::pic,    call::poll_pending, call::vasi_state,   call::ci_load,   std::uint64_t{0x7ffc}};

[[noreturn]] void make_calls(const Machine& machine) {
    Random random(timebase());
    const std::uint64_t slots = (std::uint64_t{1} << machine.table_shift) / 16;
    const auto argument = [&] { return hostile_argument(random, slots, machine.memory); };
    for (;;)
        hcall(random.any_of(tokens), argument(), argument(), argument(), argument());
}

[[noreturn]] void wait_and_wake() {
    constexpr std::uint64_t all = ~std::uint64_t{0};
    for (;;) {
        hcall(call::prod, 0);
        hcall(call::cede); // which a prod ends at once
        allow_interrupts(false);
        hcall(call::confer, all, 0);
        hcall(call::prod, 0);
        hcall(call::confer, 0, 0);
        set_decrementer(1);
        hcall(call::cede);
        allow_interrupts(false);
        hcall(call::join);
        hcall(call::signal_sys_reset, all - 1);
    }
}

[[noreturn]] void use_areas(const Machine& machine) {
    constexpr std::uint64_t page = 0x1000, zero = 1ull << 48;
    constexpr std::uint64_t register_vpa = 1ull << 45, forget_vpa = 5ull << 45;
    const std::uint64_t mine = machine.memory / 2;
    for (std::uint64_t at = mine;; at = at + page < machine.memory ? at + page : mine) {
        hcall(call::page_init, zero, at, 0);
        *reinterpret_cast<volatile std::uint16_t*>(at + 4) = 0x0004; // 1024, big-endian
        hcall(call::register_vpa, register_vpa, 0, at);
        hcall(call::register_vpa, forget_vpa, 0, 0);
    }
}

[[noreturn]] void reboot(const Machine& machine) {
    if (const auto token = machine.tree->rtas_token("system-reboot"))
        rtas(*token, {}, 1);
    bail_out("hostile: it was not rebooted");
}

[[noreturn]] void make_faults(const Machine& machine) {
    std::uint64_t nothing = 0;
    for (std::uint64_t address = machine.memory;; address += 0x10000)
        guarded_load(address & 0xff'ffff'ffff, nothing, 0);
}

[[noreturn]] void execute_illegal() {
    static constexpr std::array<std::uint32_t, 1> code = {0};
    for (;;)
        guarded_execute(reinterpret_cast<std::uint64_t>(code.data()), read_msr(), 0);
}

} // namespace

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) { bail_out(frame, "hostile"); }

void guest_main(const Machine& machine) {
    const std::string_view how = machine.tree->text("/chosen", "bootargs");
    Line line;
    line << "hostile: " << how;
    print(line);
    allow_interrupts(false);
    if (how == "calls")
        make_calls(machine);
    if (how == "waits")
        wait_and_wake();
    if (how == "areas")
        use_areas(machine);
    if (how == "reboots")
        reboot(machine);
    if (how == "faults")
        make_faults(machine);
    if (how == "illegal")
        execute_illegal();
    bail_out("hostile: bootargs are calls, waits, areas, reboots, faults or illegal");
}

} // namespace guest

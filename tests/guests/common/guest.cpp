// SPDX-License-Identifier: Apache-2.0
// What every test guest does before its own main.
#include "guest.hpp"

#include "hypercall.hpp"
#include "line.hpp"
#include "rtas.hpp"
#include "spr.hpp"

namespace guest {

namespace {
Machine machine;
}

extern "C" [[noreturn]] void guest_start(std::uint64_t tree_address) {
    // The vectors are little-endian code. LoPAR H_SET_MODE resource 4 (LE), mflags 1.
    const auto little_endian = hcall(call::set_mode, 1, 4, 0, 0);
    lead_resets_on();
    const auto tree = Tree::at(tree_address);
    if (!tree) {
        print("Bail out! r3 holds no flat device tree");
        for (;;)
            asm volatile("" ::: "memory");
    }
    machine.tree = &*tree;
    if (little_endian.status != status::success)
        bail_out("H_SET_MODE refused little-endian interrupts");
    machine.memory = tree->memory();
    if (const auto frequency = tree->processor_cell("timebase-frequency"))
        machine.timebase_frequency = *frequency;
    if (const auto shift = tree->processor_cell("ibm,pft-size", 1))
        machine.table_shift = *shift;
    guest_main(machine);
    power_off(*tree);
}

void bail_out(std::string_view why) {
    Line line;
    line << "Bail out! " << why;
    print(line);
    power_off(*machine.tree);
}

extern "C" [[noreturn]] void __stack_chk_fail() { bail_out("a stack frame was overrun"); }

void describe(Line& line, const InterruptFrame& frame) {
    line << "unexpected interrupt " << frame.vector << " srr0=" << frame.srr0 << " srr1=" << frame.srr1
         << " dar=" << frame.dar << " dsisr=" << frame.dsisr << " lr=" << frame.lr;
}

void describe(Line& line, const Machine& machine) {
    line << "pvr=" << read_spr<spr::pvr>() << " memory=" << static_cast<std::int64_t>(machine.memory)
         << " pft-shift=" << static_cast<std::int64_t>(machine.table_shift);
}

void bail_out(const InterruptFrame& frame, std::string_view where) {
    Line line;
    describe(line, frame);
    line << " in " << where;
    bail_out(line.view());
}

} // namespace guest

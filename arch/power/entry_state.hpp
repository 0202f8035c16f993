// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/partition/registers.hpp>

namespace arch {

/// What the entry code keeps per processor; at fixed offsets for entry.S (asserted in world_switch.cpp).
struct EntryState {
    std::uint64_t scratch_r12 = 0;
    std::uint64_t scratch_r11 = 0;
    std::uint64_t scratch_cr = 0;
    transom::partition::Registers* registers = nullptr; // of the virtual processor inside
    std::uint64_t host_stack = 0;                       // r1 of enter_guest's frame
    std::uint64_t nap_stack = 0;                        // r1 of idle_nap's frame
};

extern "C" constinit thread_local EntryState entry_state;

/// The machine's registers at an interrupt that hit the hypervisor itself.
struct HostFrame {
    std::uint64_t gpr[32];
    std::uint64_t nip, msr, cr, lr, ctr, xer, dar, dsisr;
};

} // namespace arch

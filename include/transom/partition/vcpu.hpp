// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <transom/hcall/counters.hpp>
#include <transom/interrupt/presentation.hpp>
#include <transom/partition/registers.hpp>
#include <transom/partition/shared_pool.hpp>
#include <transom/partition/store_toll.hpp>
#include <transom/partition/vpa.hpp>

namespace transom::partition {

struct Partition;

enum class VcpuState : std::uint8_t {
    stopped, // not started yet (RTAS start-cpu), or stopped for good
    ready,   // wants to run
    ceded,   // H_CEDE, H_CONFER to itself: until a prod, or an interrupt that MSR[EE] lets through
    joined,  // H_JOIN: the same, with MSR[EE] off; not counted among the active ones
};

/// How the partition wants its interrupts (H_SET_MODE, LoPAR): it ends up in LPCR when the processor is entered.
struct InterruptMode {
    bool little_endian = false;
    std::uint8_t alternate_location = 0; // AIL: 0, 2 or 3
};

/// One virtual processor.
struct Vcpu {
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
    static constexpr std::uint64_t nothing = ~std::uint64_t{0};

    /// Out of its own will: not to be entered before something wakes it.
    bool waits() const { return state == VcpuState::ceded || state == VcpuState::joined; }

    Registers registers;
    Partition* partition = nullptr;
    std::uint32_t index = 0;
    VcpuState state = VcpuState::stopped;
    bool prodded = false;
    bool reset_pending = false; // H_SIGNAL_SYS_RESET: a system reset interrupt, taken on the way in
    /// Its processor itself presents the interrupt that waits for it, as soon as MSR[EE] lets it through. While it is inside.
    bool external_raised = false;
    InterruptMode interrupt_mode;
    interrupt::Presentation presentation;    // XICS presentation controller of this processor
    hcall::Counters calls;                   // that it has made
    std::atomic<std::uint32_t> on = nowhere; // the processor that runs it
    std::atomic<std::uint8_t> home = 0;      // the node on which it had best run: HomeNodes
    /// The page that it needs and that is not here yet, by its logical address: it does not run before. Said where it runs; who brings
    /// pages looks at it.
    std::atomic<std::uint64_t> awaits = nothing;
    StoreToll toll;                     // for the rights to store that it is given while its pages are tracked
    bool comes_back = false;            // it walked the second table of a migration last: dual::Entry
    std::uint32_t confers_to = nowhere; // H_CONFER: the virtual processor that goes on with its turn
    Contender contender;                // for a physical processor
    PerProcessorAreas areas;            // VPA, SLB shadow and dispatch trace log as registered
    /// When the decrementer passes zero, in the partition's time base. Current while the processor is outside.
    std::uint64_t decrementer_expiry = 0;

    /// All registers zero, as a processor starts with them, and its performance monitor frozen (MMCR0). What counts a virtual
    /// processor's use of its processor goes on: that belongs to the virtual processor, not to what runs on it (LoPAR
    /// "ibm,purr"; ISA 3.1 Book III: PURR, SPURR, VTB, IC).
    void reset_registers();
};

} // namespace transom::partition

// SPDX-License-Identifier: Apache-2.0
#include "secondary.hpp"

#include "../processor_block.hpp"
#include "opal.hpp"

#include <arch/clock.hpp>
#include <arch/machine.hpp>
#include <arch/real_memory.hpp>
#include <array>
#include <atomic>
#include <transom/base/log.hpp>

extern "C" const std::byte secondary_entry[];

extern "C" {
// head.S gives block i to the i-th processor that arrives.
constinit std::array<std::uint64_t, 256> secondary_blocks{};
constinit std::uint64_t next_secondary = 0;
}

namespace {
constinit std::atomic<unsigned> parked{0};
}

/// From head.S, on a secondary processor with its own stack and thread-local data.
extern "C" [[noreturn]] void secondary_start() {
    ++parked;
    arch::park_processor();
}

namespace boot {

using namespace transom;

unsigned start_secondaries(const tree::HostMachine& machine, memory::Frames& frames) {
    const std::uint32_t self = arch::processor_identification();
    unsigned started = 0;
    for (const tree::HostProcessor& processor : machine.processors) {
        if (processor.server == self || started == secondary_blocks.size())
            continue;
        const auto block = frames.allocate(processor_block_size, processor_block_size, memory::FrameState::hypervisor);
        if (!block) {
            log("no memory for processor {:#x}: it stays in firmware", processor.server);
            continue;
        }
        secondary_blocks[started] = block->value;
        std::atomic_thread_fence(std::memory_order_release);
        const std::int64_t status = opal::call(opal::Call::start_cpu, std::uint64_t{processor.server}, secondary_entry);
        if (status == opal::success)
            ++started;
        else
            log("processor {:#x} does not start: OPAL says {}", processor.server, status);
    }
    const std::uint64_t deadline = arch::timebase() + 5ull * machine.timebase_frequency;
    while (parked < started && arch::timebase() < deadline)
        asm volatile("or 27, 27, 27"); // low priority
    if (parked < started)
        log("{} of {} processors have not arrived", started - parked, started);
    return parked;
}

} // namespace boot

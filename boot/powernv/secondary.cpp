// SPDX-License-Identifier: Apache-2.0
#include "secondary.hpp"

#include "../../arch/power/emulator.hpp"
#include "../../arch/power/kick.hpp"
#include "../kernel.hpp"
#include "../processor_block.hpp"
#include "kicks.hpp"
#include "opal.hpp"

#include <arch/clock.hpp>
#include <arch/machine.hpp>
#include <arch/processors.hpp>
#include <arch/real_memory.hpp>
#include <arch/world.hpp>
#include <array>
#include <atomic>
#include <transom/base/log.hpp>

extern "C" const std::byte secondary_entry[];

extern "C" {
// head.S gives block i to the i-th processor that arrives.
constinit std::array<std::uint64_t, arch::max_processors> secondary_blocks{};
constinit std::uint64_t next_secondary = 0;
}

namespace {

using namespace transom;

/// Where they wait, mostly asleep, until the boot processor says what to do.
struct WaitingRoom {
    RealAddr partition_table;
    std::array<std::atomic<std::uint32_t>, arch::max_processors> servers{}; // of those that have arrived, by index
    std::atomic<std::uint32_t> arrived = 0;
    std::atomic<partition::Dispatcher*> dispatcher = nullptr;
    std::atomic<std::uint32_t> can_be_kicked = 0; // indices up to this one
};
constinit WaitingRoom room;

constexpr std::uint64_t short_sleep = 512'000, long_sleep = 0x3fffffff; // ticks of the time base

} // namespace

/// From head.S, on a secondary processor with its own stack and thread-local data.
extern "C" [[noreturn]] void secondary_start() {
    arch::initialize_processor(room.partition_table);
    const std::uint32_t index = room.arrived.load() + 1; // they arrive one by one
    arch::set_processor_index(index);
    room.servers[index] = arch::processor_identification();
    ++room.arrived;
    // Nobody kicks it yet: it looks now and then, and seldom once it is clear that it has nothing to do.
    partition::Dispatcher* dispatcher;
    while ((dispatcher = room.dispatcher.load()) == nullptr)
        arch::idle(short_sleep);
    while (index > room.can_be_kicked)
        arch::idle(long_sleep);
    arch::open_to_kicks();
    for (;;)
        dispatcher->run_turn_or_sleep();
}

namespace boot {

namespace {

enum class Started { arrived, refused, late };

/// Starts one processor, and waits until it has arrived.
Started start(const tree::HostProcessor& processor, std::uint32_t number, const tree::HostMachine& machine,
              memory::Frames& frames) {
    const auto block = frames.allocate(processor_block_size, processor_block_size, memory::FrameState::hypervisor);
    if (!block) {
        log("no memory for processor {:#x}: it stays in firmware", processor.server);
        return Started::refused;
    }
    secondary_blocks[number] = block->value;
    std::atomic_thread_fence(std::memory_order_release);
    const std::int64_t status = opal::call(opal::Call::start_cpu, std::uint64_t{processor.server}, secondary_entry);
    if (status != opal::success) {
        log("processor {:#x} does not start: OPAL says {}", processor.server, status);
        frames.release({*block, processor_block_size}, memory::FrameState::hypervisor);
        return Started::refused;
    }
    const std::uint64_t deadline = arch::timebase() + 5ull * machine.timebase_frequency;
    while (room.arrived == number && arch::timebase() < deadline)
        asm volatile("or 27, 27, 27"); // low priority
    if (room.arrived != number)
        return Started::arrived;
    log("processor {:#x} has not arrived", processor.server);
    return Started::late;
}

} // namespace

std::uint32_t start_secondaries(const tree::HostMachine& machine, const void* fdt, memory::Frames& frames,
                                RealAddr partition_table, bool interrupts) {
    const std::uint32_t self = arch::processor_identification();
    room.partition_table = partition_table;
    std::uint32_t started = 0;
    for (const tree::HostProcessor& processor : machine.processors) {
        if (processor.server == self || started == arch::max_processors - 1)
            continue;
        const Started how = start(processor, started, machine, frames);
        if (how == Started::late)
            break; // it may still take the next one's place
        started += how == Started::arrived ? 1 : 0;
    }
    std::uint32_t usable = 0;
    while (interrupts && usable < started && set_up_kick(fdt, usable + 1, room.servers[usable + 1], frames))
        ++usable;
    room.can_be_kicked = usable;
    return usable;
}

void release_secondaries(Kernel& kernel) {
    const std::uint32_t usable = room.can_be_kicked;
    StaticVector<std::uint32_t, arch::max_processors> servers;
    for (std::uint32_t i = 0; i <= usable; ++i)
        (void)servers.push_back(i == 0 ? arch::processor_identification() : room.servers[i].load());
    kernel.set_processors(servers.span());
    arch::broadcast_is_late = usable != 0 && arch::emulated();
    room.dispatcher = &kernel.dispatcher();
}

} // namespace boot

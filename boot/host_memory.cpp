// SPDX-License-Identifier: Apache-2.0
#include "host_memory.hpp"

#include <algorithm>
#include <arch/real_memory.hpp>
#include <libfdt.h>
#include <new>
#include <transom/base/panic.hpp>

extern "C" const std::byte image_start[], image_end[];

namespace boot {

using namespace transom;
using memory::Frames;
using memory::FrameState;

namespace {

alignas(Frames) std::byte storage[sizeof(Frames)];

/// A place for the table of frame states: the first hole of that size that nothing is in.
RealRange place_for_table(const tree::HostMachine& machine, std::span<const RealRange> taken, Bytes size) {
    for (const tree::HostMemory& memory : machine.memory) {
        RealRange candidate{memory.range.begin.align_up(memory::frame_size), size};
        for (bool moved = true; moved;) {
            moved = false;
            for (const RealRange& range : taken)
                if (candidate.overlaps(range)) {
                    candidate.begin = range.end().align_up(memory::frame_size);
                    moved = true;
                }
        }
        if (memory.range.contains(candidate.begin, size))
            return candidate;
    }
    panic("no room for the table of memory frames");
}

} // namespace

Frames& take_memory(const tree::HostMachine& machine, const void* fdt) {
    StaticVector<RealRange, 80> taken;
    const auto take = [&taken](RealRange range) { invariant(taken.push_back(range), "too many reserved ranges"); };
    take({arch::real_address(image_start), static_cast<Bytes>(image_end - image_start)});
    take({arch::real_address(fdt), fdt_totalsize(fdt)});
    if (!machine.initrd.empty())
        take(machine.initrd);
    for (const RealRange& range : machine.reserved)
        take(range);

    const RealAddr top = machine.memory[machine.memory.size() - 1].range.end();
    const std::size_t count = top.value / memory::frame_size;
    const RealRange table = place_for_table(machine, taken.span(), count * sizeof(FrameState));
    take(table);

    auto* states = reinterpret_cast<FrameState*>(arch::real_pointer(table.begin));
    std::fill_n(states, count, FrameState::absent);
    auto* frames = new (storage) Frames(std::span(states, count));
    for (const tree::HostMemory& memory : machine.memory)
        frames->add(memory.range);
    for (const RealRange& range : taken)
        if (range.begin < top)
            frames->reserve(range, FrameState::hypervisor);
    return *frames;
}

} // namespace boot

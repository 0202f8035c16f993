// SPDX-License-Identifier: Apache-2.0
#include "kicks.hpp"

#include "../../arch/power/kick.hpp"
#include "opal.hpp"
#include "xive.hpp"

#include <arch/machine.hpp>
#include <libfdt.h>
#include <optional>
#include <transom/base/big_endian.hpp>
#include <transom/base/log.hpp>

namespace boot {

using namespace transom;

namespace {

constexpr std::uint64_t exploitation_mode = 1;
constexpr std::uint64_t queue_order = 16; // log2 of its bytes
constexpr std::uint64_t queue_enabled = 1, queue_always_notifies = 2;
constexpr std::uint64_t chip = 0; // where the kicks' sources are taken from

static_assert(arch::kick_queue_size == Bytes{1} << queue_order);

/// The n-th address of a node's `reg`, with two cells each for address and size.
std::optional<RealAddr> register_address(const void* fdt, int node, int n) {
    constexpr int entry = 16;
    int size = 0;
    const auto* reg = static_cast<const std::byte*>(fdt_getprop(fdt, node, "reg", &size));
    if (reg == nullptr || size < (n + 1) * entry)
        return std::nullopt;
    return RealAddr{load_be<std::uint64_t>(reg + n * entry)};
}

bool set_up_xive(std::uint32_t index, std::uint32_t server, memory::Frames& frames) {
    const auto queue = frames.allocate(arch::kick_queue_size, arch::kick_queue_size, memory::FrameState::hypervisor);
    if (!queue) {
        log("interrupts: no memory for the queue of processor {:#x}", server);
        return false;
    }
    using opal::Call;
    if (!xive::done(opal::call(Call::xive_set_queue_info, std::uint64_t{server}, xive::priority, queue->value,
                               queue_order, queue_enabled | queue_always_notifies),
                    "set up a queue"))
        return false;
    const std::int64_t number = opal::call(Call::xive_allocate_irq, chip);
    if (number <= 0)
        return xive::done(number == 0 ? opal::hardware : number, "give a source");
    const auto source = xive::route(static_cast<std::uint64_t>(number), server);
    if (!source)
        return false;
    arch::set_kick_port(
        index, {.trigger = source->trigger, .end_of_interrupt = source->management, .queue = *queue, .controller = {}});
    return true;
}

/// POWER8: a node for each core or thread, with the registers of each of its threads.
bool set_up_controller(const void* fdt, std::uint32_t index, std::uint32_t server) {
    for (int node = fdt_node_offset_by_compatible(fdt, -1, "IBM,power8-icp"); node >= 0;
         node = fdt_node_offset_by_compatible(fdt, node, "IBM,power8-icp")) {
        int size = 0;
        const auto* range = static_cast<const std::byte*>(fdt_getprop(fdt, node, "ibm,interrupt-server-ranges", &size));
        if (range == nullptr || size < 8)
            continue;
        const auto first = load_be<std::uint32_t>(range), count = load_be<std::uint32_t>(range + 4);
        if (server - first >= count)
            continue;
        const auto registers = register_address(fdt, node, static_cast<int>(server - first));
        if (!registers)
            break;
        arch::set_kick_port(index, {.trigger = {}, .end_of_interrupt = {}, .queue = {}, .controller = *registers});
        return true;
    }
    log("interrupts: the tree has no presentation controller of processor {:#x}", server);
    return false;
}

/// While all other processors are in firmware.
bool prepare_kicks(const void* fdt) {
    if (arch::processor_generation() < 9)
        return true;
    const int node = fdt_node_offset_by_compatible(fdt, -1, "ibm,opal-xive-pe");
    // After the page of the hardware come those of the hypervisor's ring and of the partition's.
    const auto ring = node < 0 ? std::nullopt : register_address(fdt, node, 1);
    const auto partition_ring = node < 0 ? std::nullopt : register_address(fdt, node, 2);
    if (!ring || !partition_ring) {
        log("interrupts: the tree has no ibm,opal-xive-pe");
        return false;
    }
    arch::set_thread_management(*ring, *partition_ring);
    return xive::done(opal::call(opal::Call::xive_reset, exploitation_mode), "hand XIVE over");
}

} // namespace

bool take_interrupts(const void* fdt, memory::Frames& frames) {
    if (!prepare_kicks(fdt) || !set_up_kick(fdt, 0, arch::processor_identification(), frames))
        return false;
    arch::open_to_kicks();
    return true;
}

bool set_up_kick(const void* fdt, std::uint32_t index, std::uint32_t server, memory::Frames& frames) {
    return arch::processor_generation() >= 9 ? set_up_xive(index, server, frames)
                                             : set_up_controller(fdt, index, server);
}

} // namespace boot

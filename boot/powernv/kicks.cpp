// SPDX-License-Identifier: Apache-2.0
#include "kicks.hpp"

#include "../../arch/power/kick.hpp"
#include "opal.hpp"

#include <arch/machine.hpp>
#include <arch/mmio.hpp>
#include <libfdt.h>
#include <optional>
#include <transom/base/big_endian.hpp>
#include <transom/base/log.hpp>

namespace boot {

using namespace transom;

namespace {

constexpr std::uint64_t exploitation_mode = 1;
constexpr std::uint64_t priority = 6;
constexpr std::uint64_t queue_order = 16; // log2 of its bytes
constexpr std::uint64_t queue_enabled = 1, queue_always_notifies = 2;
constexpr std::uint64_t chip = 0; // where the kicks' sources are taken from
constexpr std::uint64_t source_clear = 0xc00;

static_assert(arch::kick_queue_size == Bytes{1} << queue_order);

bool done(std::int64_t status, std::string_view what) {
    if (status == opal::success)
        return true;
    log("interrupts: firmware does not {}: OPAL says {}", what, status);
    return false;
}

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
    if (!done(opal::call(Call::xive_set_queue_info, std::uint64_t{server}, priority, queue->value, queue_order,
                         queue_enabled | queue_always_notifies),
              "set up a queue"))
        return false;
    const std::int64_t source = opal::call(Call::xive_allocate_irq, chip);
    if (source <= 0)
        return done(source == 0 ? opal::hardware : source, "give a source");
    const auto number = static_cast<std::uint64_t>(source);
    if (!done(opal::call(Call::xive_set_irq_config, number, std::uint64_t{server}, priority, number), "route a source"))
        return false;
    Be<std::uint64_t> flags, management, trigger;
    Be<std::uint32_t> shift, source_chip;
    if (!done(opal::call(Call::xive_get_irq_info, number, &flags, &management, &trigger, &shift, &source_chip),
              "tell where a source is"))
        return false;
    const RealAddr management_page{management}, trigger_page{trigger};
    arch::set_kick_port(index, {.trigger = trigger_page.value != 0 ? trigger_page : management_page,
                                .end_of_interrupt = management_page,
                                .queue = *queue,
                                .controller = {}});
    (void)arch::mmio_load<std::uint64_t>(management_page + source_clear); // it was masked
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

} // namespace

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
    return done(opal::call(opal::Call::xive_reset, exploitation_mode), "hand XIVE over");
}

bool set_up_kick(const void* fdt, std::uint32_t index, std::uint32_t server, memory::Frames& frames) {
    return arch::processor_generation() >= 9 ? set_up_xive(index, server, frames)
                                             : set_up_controller(fdt, index, server);
}

} // namespace boot

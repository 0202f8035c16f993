// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <arch/real_memory.hpp>
#include <libfdt.h>
#include <new>
#include <transom/base/big_endian.hpp>
#include <transom/base/log.hpp>

namespace boot {

using namespace transom;

namespace {

net::Stack the_network;

std::span<std::byte> take(memory::Frames& frames, Bytes size) {
    const Bytes whole = (size + memory::frame_size - 1) & ~(memory::frame_size - 1);
    const auto at = frames.allocate(whole, memory::frame_size, memory::FrameState::hypervisor);
    if (!at)
        return {};
    return {arch::real_pointer(*at), whole};
}

} // namespace

net::Stack& network() { return the_network; }

std::span<secure::SecureStream> secure_places(memory::Frames& frames, std::size_t count) {
    const std::span<std::byte> memory = take(frames, count * sizeof(secure::SecureStream));
    if (memory.empty()) {
        log("net: no memory for encrypted connections");
        return {};
    }
    auto* const places = reinterpret_cast<secure::SecureStream*>(memory.data());
    for (std::size_t i = 0; i < count; ++i)
        new (places + i) secure::SecureStream;
    return {places, count};
}

void bring_up_network(net::Stack& stack, std::span<const pci::HostBridge> bridges, memory::Frames& frames,
                      const net::MachineAddresses& addresses) {
    const std::span<std::byte> heap = take(frames, net::Stack::heap_size);
    if (heap.empty())
        return log("net: no memory, no network");
    stack.init(heap, addresses);
    pci::Devices devices;
    for (const pci::HostBridge& bridge : bridges)
        pci::scan(bridge, devices);
    for (const pci::Device& device : devices) {
        if (!net::virtio::is_network_card(device))
            continue;
        const std::span<std::byte> memory = take(frames, net::Stack::card_memory_size);
        if (memory.empty())
            return log("net: no memory for another card");
        const auto added = stack.add_card(device, memory);
        if (!added)
            frames.release({arch::real_address(memory.data()), memory.size()}, memory::FrameState::hypervisor);
    }
    if (!stack.interface(net::InterfaceId::link).up() && !stack.interface(net::InterfaceId::management).up())
        log("net: no network card (looked behind {} host bridges)", bridges.size());
}

MemoryWindow memory_window(const void* fdt, int node) {
    constexpr int cells = 7, entry = cells * 4;
    constexpr std::uint32_t space_mask = 0x03000000, memory_32 = 0x02000000;
    int size = 0;
    const auto* ranges = static_cast<const std::byte*>(fdt_getprop(fdt, node, "ranges", &size));
    for (int at = 0; ranges != nullptr && at + entry <= size; at += entry) {
        const std::byte* const cell = ranges + at;
        if ((load_be<std::uint32_t>(cell) & space_mask) == memory_32)
            return {load_be<std::uint64_t>(cell + 4),
                    {{load_be<std::uint64_t>(cell + 12)}, load_be<std::uint64_t>(cell + 20)}};
    }
    return {};
}

} // namespace boot

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <transom/manage/service.hpp>
#include <transom/memory/frames.hpp>
#include <transom/net/stack.hpp>
#include <transom/pci/bus.hpp>
#include <transom/secure/secure_network.hpp>

namespace boot {

using HostBridges = transom::StaticVector<transom::pci::HostBridge, 8>;

/// Finds the network cards behind the host bridges and brings them up, with memory from `frames`. What does not come up
/// is logged and left out: a machine without a network still runs its partitions.
void bring_up_network(transom::net::Stack& stack, std::span<const transom::pci::HostBridge> bridges,
                      transom::memory::Frames& frames, const transom::net::MachineAddresses& addresses);

/// The machine's only network.
transom::net::Stack& network();

/// Encrypted connections that a machine may have: with others, of which eight are a move's, and with operators. Those who have not shown who
/// they are come on top.
constexpr std::size_t link_places = 16 + transom::secure::max_half_open;
constexpr std::size_t management_places = transom::manage::max_connections + transom::secure::max_half_open;
// A few more connections below, so that who comes when all places are taken comes as far as being given one.
static_assert(link_places + 4 <= transom::net::Stack::link_streams);
static_assert(management_places + 4 <= transom::net::Stack::management_streams);

/// Memory for so many encrypted connections; empty, with a line in the log, where there is none.
std::span<transom::secure::SecureStream> secure_places(transom::memory::Frames& frames, std::size_t count);

/// The window for 32-bit memory in a host bridge node's `ranges`; empty where there is none. PCI Bus Binding to Open
/// Firmware 2.1, 12: seven cells an entry (three of PCI address, two of real address, two of size).
struct MemoryWindow {
    std::uint64_t bus_address = 0;
    transom::RealRange real{};
};
MemoryWindow memory_window(const void* fdt, int node);

} // namespace boot

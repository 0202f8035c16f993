// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/base/static_vector.hpp>
#include <transom/pci/config_space.hpp>
#include <transom/pci/messages.hpp>

namespace transom::pci {

/// A host bridge and its window for 32-bit memory: what devices call bus_address..., processors call real...
struct HostBridge {
    ConfigSpace* config = nullptr;
    std::uint64_t bus_address = 0;
    RealRange window{};
    Messages* messages = nullptr; // null: its devices cannot interrupt
};

/// A function that was found, its memory BARs assigned and decoded.
struct Device {
    ConfigSpace* config = nullptr;
    Function function{};
    std::uint16_t vendor = 0;
    std::uint16_t id = 0;
    /// Where the processor reaches each BAR; empty for I/O BARs, absent ones and the upper half of a 64-bit one.
    std::array<RealRange, 6> bars{};
    Messages* messages = nullptr; // the host bridge's
};

constexpr std::size_t max_devices = 16;
using Devices = StaticVector<Device, max_devices>;

/// Finds every function behind a host bridge and adds it to `found` (bridges themselves are not added; what does not fit is
/// left alone). Firmware has numbered the buses but assigned no memory, so this does: BARs and the windows of
/// PCI-to-PCI bridges, all non-prefetchable from the bridge's window. PCI Local Bus 3.0, 6.2.5; PCI Bridge 1.2, 3.2.5.
void scan(const HostBridge& bridge, Devices& found);

/// Lets a device that has a driver read and write memory.
void enable_bus_master(const Device& device);

/// Offsets of the capabilities with this id, in list order. A list that loops or leaves the header ends there.
using CapabilityOffsets = StaticVector<std::uint8_t, 48>;
CapabilityOffsets capabilities(const Device& device, std::uint8_t id);

} // namespace transom::pci

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/pci/config_space.hpp>

namespace transom::pci {

struct Device;

/// What a device stores, and where, to interrupt.
struct Message {
    std::uint64_t address = 0;
    std::uint32_t data = 0;
};

/// Who gives the devices behind a host bridge their interrupts.
class Messages {
  public:
    /// One more for that function, to the processor that runs the hypervisor's tasks. Nothing, and a line in the log, where there is none.
    virtual std::optional<Message> allocate(Function function) = 0;

  protected:
    ~Messages() = default;
};

/// Gives a device, whose BARs are assigned, vector 0 of its MSI-X table and lets it use that. False where the host bridge has no interrupt
/// for it, or the device no such table. PCI Local Bus 3.0, 6.8.2.
bool enable_interrupt(const Device& device);

} // namespace transom::pci

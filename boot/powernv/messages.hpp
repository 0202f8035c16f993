// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/pci/messages.hpp>

namespace boot {

/// Interrupts of the devices behind one PHB: each gets a partitionable endpoint and an interrupt of its own, to the boot processor, which has
/// been opened to kicks. skiboot doc/opal-api/opal-pci-set-pe.rst and its neighbours.
class OpalMessages final : public transom::pci::Messages {
  public:
    /// `first`, `count`: the interrupt numbers that the PHB has for messages.
    void set(std::uint64_t phb, std::uint32_t first, std::uint32_t count);

    std::optional<transom::pci::Message> allocate(transom::pci::Function function) override;

  private:
    bool route(std::uint32_t number);

    std::uint64_t phb_ = 0;
    std::uint32_t first_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t next_ = 1; // number of the next endpoint, and of its interrupt among the PHB's
};

} // namespace boot

// SPDX-License-Identifier: Apache-2.0
#include <arch/mmio.hpp>
#include <transom/pci/bus.hpp>
#include <transom/pci/messages.hpp>

namespace transom::pci {

namespace {

constexpr std::uint8_t capability_msi_x = 0x11;
constexpr std::uint8_t last_capability = 0xf4; // 12 bytes fit into the header's 256
constexpr std::uint16_t control_enable = 0x8000, control_mask_all = 0x4000;
constexpr std::uint32_t table_bar = 7;
constexpr Bytes entry_size = 16;

/// Where the table's first entry is; nothing where it is not inside a BAR.
std::optional<RealAddr> first_entry(const Device& device, std::uint8_t capability) {
    const std::uint32_t table = device.config->read32(device.function, static_cast<std::uint16_t>(capability + 4));
    const std::uint32_t bar = table & table_bar, offset = table & ~table_bar;
    if (bar >= device.bars.size() || device.bars[bar].size < entry_size || offset > device.bars[bar].size - entry_size)
        return std::nullopt;
    return device.bars[bar].begin + offset;
}

} // namespace

bool enable_interrupt(const Device& device) {
    if (device.messages == nullptr)
        return false;
    for (const std::uint8_t at : capabilities(device, capability_msi_x)) {
        const auto entry = at <= last_capability ? first_entry(device, at) : std::nullopt;
        const auto message = entry ? device.messages->allocate(device.function) : std::nullopt;
        if (!message)
            return false;
        arch::mmio_store(*entry, static_cast<std::uint32_t>(message->address));
        arch::mmio_store(*entry + 4, static_cast<std::uint32_t>(message->address >> 32));
        arch::mmio_store(*entry + 8, message->data);
        arch::mmio_store<std::uint32_t>(*entry + 12, 0); // not masked
        const auto control = static_cast<std::uint16_t>(at + 2);
        const std::uint16_t before = device.config->read16(device.function, control);
        device.config->write16(device.function, control,
                               static_cast<std::uint16_t>((before & ~control_mask_all) | control_enable));
        return true;
    }
    return false;
}

} // namespace transom::pci

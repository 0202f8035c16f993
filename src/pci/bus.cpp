// SPDX-License-Identifier: Apache-2.0
#include <transom/base/log.hpp>
#include <transom/pci/bus.hpp>

namespace transom::pci {

namespace {

constexpr std::uint16_t reg_vendor = 0x00;
constexpr std::uint16_t reg_device = 0x02;
constexpr std::uint16_t reg_command = 0x04;
constexpr std::uint16_t reg_status = 0x06;
constexpr std::uint16_t reg_header_type = 0x0e;
constexpr std::uint16_t reg_bar0 = 0x10;
constexpr std::uint16_t reg_secondary_bus = 0x19;
constexpr std::uint16_t reg_memory_base = 0x20;
constexpr std::uint16_t reg_memory_limit = 0x22;
constexpr std::uint16_t reg_prefetch_base = 0x24;
constexpr std::uint16_t reg_prefetch_limit = 0x26;
constexpr std::uint16_t reg_capabilities = 0x34;

constexpr std::uint16_t command_memory = 2;
constexpr std::uint16_t command_master = 4;
constexpr std::uint16_t status_has_capabilities = 0x10;

constexpr std::uint8_t capability_pci_express = 0x10;

constexpr std::uint32_t bar_is_io = 1;
constexpr std::uint32_t bar_type = 6;
constexpr std::uint32_t bar_type_64 = 4;
constexpr std::uint32_t bar_memory_flags = 0xf;

constexpr Bytes bridge_granule = mib(1);
constexpr unsigned max_depth = 4;

CapabilityOffsets find_capabilities(ConfigSpace& config, Function f, std::uint8_t id) {
    CapabilityOffsets offsets;
    if ((config.read16(f, reg_status) & status_has_capabilities) == 0)
        return offsets;
    std::uint8_t at = config.read8(f, reg_capabilities) & 0xfc;
    // The header takes 64 of 256 bytes and a capability at least four: more than 48 is a loop.
    for (unsigned n = 0; n < 48 && at >= 0x40; ++n) {
        if (config.read8(f, at) == id)
            (void)offsets.push_back(at);
        at = config.read8(f, static_cast<std::uint16_t>(at + 1)) & 0xfc;
    }
    return offsets;
}

/// Hands out the window from its start.
class WindowAllocator {
  public:
    explicit WindowAllocator(const HostBridge& bridge) : bridge_(bridge), next_(bridge.bus_address) {}

    /// `size` is a power of two. 0: the window is too small.
    std::uint64_t take(Bytes size) {
        const std::uint64_t at = (next_ + size - 1) & ~(size - 1);
        if (at < next_ || at == 0 || at - bridge_.bus_address > bridge_.window.size ||
            size > bridge_.window.size - (at - bridge_.bus_address))
            return 0;
        next_ = at + size;
        return at;
    }
    std::uint64_t align(Bytes alignment) { return next_ = (next_ + alignment - 1) & ~(alignment - 1); }
    RealAddr real(std::uint64_t bus_address) const {
        return bridge_.window.begin + (bus_address - bridge_.bus_address);
    }

  private:
    const HostBridge& bridge_;
    std::uint64_t next_;
};

class Scanner {
  public:
    Scanner(const HostBridge& bridge, Devices& found)
        : config_(*bridge.config), messages_(bridge.messages), memory_(bridge), found_(found) {}

    void scan_bus(std::uint8_t bus, unsigned devices, unsigned depth) {
        for (unsigned device = 0; device < devices; ++device) {
            Function f{bus, static_cast<std::uint8_t>(device), 0};
            if (!present(f))
                continue;
            const bool many = (config_.read8(f, reg_header_type) & 0x80) != 0;
            for (unsigned function = 0; function < (many ? 8u : 1u); ++function) {
                f.function = static_cast<std::uint8_t>(function);
                if (present(f))
                    scan_function(f, depth);
            }
        }
    }

  private:
    bool present(Function f) {
        const std::uint16_t vendor = config_.read16(f, reg_vendor);
        return vendor != 0xffff && vendor != 0;
    }

    void scan_function(Function f, unsigned depth) {
        const unsigned type = config_.read8(f, reg_header_type) & 0x7f;
        if (type == 1)
            scan_bridge(f, depth);
        else if (type == 0 && !found_.full())
            scan_device(f);
    }

    /// PCI Express links, below a root port or a switch's downstream port, end at one device; asking for others there
    /// is an error that some host bridges answer by freezing the link.
    bool leads_to_one_device(Function f) {
        constexpr unsigned root_port = 4, downstream_port = 6;
        for (const std::uint8_t at : find_capabilities(config_, f, capability_pci_express)) {
            const unsigned type = config_.read8(f, static_cast<std::uint16_t>(at + 2)) >> 4;
            return type == root_port || type == downstream_port;
        }
        return false;
    }

    void scan_bridge(Function f, unsigned depth) {
        const std::uint8_t secondary = config_.read8(f, reg_secondary_bus);
        if (secondary <= f.bus || secondary == 0xff || depth == max_depth) {
            log("pci: bridge {:02x}:{:02x}.{} leads nowhere (secondary bus {})", f.bus, f.device, f.function,
                secondary);
            return;
        }
        const std::uint64_t first = memory_.align(bridge_granule);
        scan_bus(secondary, leads_to_one_device(f) ? 1 : 32, depth + 1);
        const std::uint64_t end = memory_.align(bridge_granule);
        // Bits 31:20 of base and last address; a base above the limit closes the window.
        const bool used = end > first;
        config_.write16(f, reg_memory_base, used ? static_cast<std::uint16_t>(first >> 16 & 0xfff0) : 0xfff0);
        config_.write16(f, reg_memory_limit, used ? static_cast<std::uint16_t>((end - 1) >> 16 & 0xfff0) : 0);
        config_.write16(f, reg_prefetch_base, 0xfff0);
        config_.write16(f, reg_prefetch_limit, 0);
        config_.write16(f, reg_command, command_memory | command_master);
    }

    void scan_device(Function f) {
        Device device{&config_, f, config_.read16(f, reg_vendor), config_.read16(f, reg_device), {}, messages_};
        config_.write16(f, reg_command, 0); // a BAR moves while it is sized
        for (unsigned bar = 0; bar < 6;)
            bar += assign_bar(device, bar);
        config_.write16(f, reg_command, command_memory);
        (void)found_.push_back(device);
    }

    /// How many of the six registers the BAR takes.
    unsigned assign_bar(Device& device, unsigned bar) {
        const Function f = device.function;
        const auto offset = static_cast<std::uint16_t>(reg_bar0 + 4 * bar);
        config_.write32(f, offset, 0xffffffff);
        const std::uint32_t low = config_.read32(f, offset);
        config_.write32(f, offset, 0);
        if (low == 0 || low == 0xffffffff || (low & bar_is_io) != 0)
            return 1;
        const bool wide = (low & bar_type) == bar_type_64 && bar < 5;
        std::uint64_t mask = 0xffffffff00000000 | (low & ~bar_memory_flags);
        if (wide) {
            const auto upper = static_cast<std::uint16_t>(offset + 4);
            config_.write32(f, upper, 0xffffffff);
            mask = std::uint64_t{config_.read32(f, upper)} << 32 | (low & ~bar_memory_flags);
            config_.write32(f, upper, 0);
        }
        const Bytes size = mask & -mask; // lowest address bit that the device decodes
        const std::uint64_t at = size == 0 ? 0 : memory_.take(size);
        if (at == 0) {
            log("pci: no room for BAR {} of {:02x}:{:02x}.{}", bar, f.bus, f.device, f.function);
        } else {
            config_.write32(f, offset, static_cast<std::uint32_t>(at));
            device.bars[bar] = {memory_.real(at), size};
        }
        return wide ? 2 : 1;
    }

    ConfigSpace& config_;
    Messages* messages_;
    WindowAllocator memory_;
    Devices& found_;
};

} // namespace

void scan(const HostBridge& bridge, Devices& found) { Scanner(bridge, found).scan_bus(0, 32, 0); }

void enable_bus_master(const Device& device) {
    const std::uint16_t command = device.config->read16(device.function, reg_command);
    device.config->write16(device.function, reg_command,
                           static_cast<std::uint16_t>(command | command_memory | command_master));
}

CapabilityOffsets capabilities(const Device& device, std::uint8_t id) {
    return find_capabilities(*device.config, device.function, id);
}

} // namespace transom::pci

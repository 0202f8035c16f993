// SPDX-License-Identifier: Apache-2.0
#include "pci.hpp"

#include "hypervisor.hpp"

#include <array>
#include <libfdt.h>
#include <transom/base/big_endian.hpp>
#include <transom/base/log.hpp>

namespace boot::pseries {

using namespace transom;

namespace {

/// Configuration space behind one host bridge, LoPAR 7.3.4 ibm,read-pci-config and ibm,write-pci-config.
class RtasConfigSpace final : public pci::ConfigSpace {
  public:
    void set(std::uint64_t unit, std::uint32_t read_token, std::uint32_t write_token) {
        unit_ = unit;
        read_token_ = read_token;
        write_token_ = write_token;
    }

    std::uint32_t read(pci::Function f, std::uint16_t offset, pci::Width width) override {
        const std::uint32_t all_ones = ~0u >> (32 - 8 * static_cast<unsigned>(width));
        std::array<std::uint32_t, 1> value{};
        const std::int32_t status =
            rtas(read_token_, std::array{address(f, offset), high(), low(), static_cast<std::uint32_t>(width)}, value);
        return status == 0 ? value[0] & all_ones : all_ones;
    }

    void write(pci::Function f, std::uint16_t offset, pci::Width width, std::uint32_t value) override {
        // A write to what is not there has no effect, as on the bus.
        rtas(write_token_, std::array{address(f, offset), high(), low(), static_cast<std::uint32_t>(width), value});
    }

  private:
    /// Bits 11:8 of the offset are at the top.
    static std::uint32_t address(pci::Function f, std::uint16_t offset) {
        return static_cast<std::uint32_t>((offset & 0xf00) << 20 | f.bdfn() << 8 | (offset & 0xff));
    }
    std::uint32_t high() const { return static_cast<std::uint32_t>(unit_ >> 32); }
    std::uint32_t low() const { return static_cast<std::uint32_t>(unit_); }

    std::uint64_t unit_ = 0;
    std::uint32_t read_token_ = 0;
    std::uint32_t write_token_ = 0;
};

std::array<RtasConfigSpace, 8> config_spaces;

} // namespace

HostBridges find_rtas_bridges(const void* fdt) {
    HostBridges bridges;
    const std::uint32_t read_token = rtas_token(fdt, "ibm,read-pci-config");
    const std::uint32_t write_token = rtas_token(fdt, "ibm,write-pci-config");
    if (read_token == 0 || write_token == 0)
        return bridges;
    for (int node = fdt_node_offset_by_compatible(fdt, -1, "IBM,Logical_PHB"); node >= 0;
         node = fdt_node_offset_by_compatible(fdt, node, "IBM,Logical_PHB")) {
        int size = 0;
        const auto* unit = static_cast<const std::byte*>(fdt_getprop(fdt, node, "reg", &size));
        const MemoryWindow window = memory_window(fdt, node);
        if (unit == nullptr || size < 8 || window.real.empty() || bridges.full()) {
            log("pci: {} is left out", fdt_get_name(fdt, node, nullptr));
            continue;
        }
        RtasConfigSpace& config = config_spaces[bridges.size()];
        config.set(load_be<std::uint64_t>(unit), read_token, write_token);
        (void)bridges.push_back({&config, window.bus_address, window.real});
    }
    return bridges;
}

} // namespace boot::pseries

// SPDX-License-Identifier: Apache-2.0
#include "pci.hpp"

#include "messages.hpp"
#include "opal.hpp"

#include <array>
#include <libfdt.h>
#include <transom/base/big_endian.hpp>
#include <transom/base/log.hpp>

namespace boot {

using namespace transom;

namespace {

/// Configuration space behind one PHB. skiboot doc/opal-api/opal-pci-config-read-write.rst.
class OpalConfigSpace final : public pci::ConfigSpace {
  public:
    void set_phb(std::uint64_t id) { phb_ = id; }

    std::uint32_t read(pci::Function f, std::uint16_t offset, pci::Width width) override {
        switch (width) {
        case pci::Width::one:
            return load<std::uint8_t>(opal::Call::pci_config_read_byte, f, offset);
        case pci::Width::two:
            return load<std::uint16_t>(opal::Call::pci_config_read_half_word, f, offset);
        case pci::Width::four:
            return load<std::uint32_t>(opal::Call::pci_config_read_word, f, offset);
        }
        return ~0u;
    }

    void write(pci::Function f, std::uint16_t offset, pci::Width width, std::uint32_t value) override {
        const opal::Call call = width == pci::Width::one   ? opal::Call::pci_config_write_byte
                                : width == pci::Width::two ? opal::Call::pci_config_write_half_word
                                                           : opal::Call::pci_config_write_word;
        // A write to what is not there has no effect, as on the bus.
        (void)opal::call(call, phb_, std::uint64_t{f.bdfn()}, std::uint64_t{offset}, std::uint64_t{value});
    }

  private:
    template <class T> T load(opal::Call call, pci::Function f, std::uint16_t offset) {
        Be<T> value = static_cast<T>(~T{0});
        if (opal::call(call, phb_, std::uint64_t{f.bdfn()}, std::uint64_t{offset}, &value) != opal::success)
            return static_cast<T>(~T{0});
        return value;
    }

    std::uint64_t phb_ = 0;
};

std::array<OpalConfigSpace, 8> config_spaces;
std::array<OpalMessages, 8> messages_of_phbs;

/// The PHB's number; nothing where the node is of no PHB.
std::optional<std::uint64_t> phb_id(const void* fdt, int node) {
    int size = 0;
    const auto* id = static_cast<const std::byte*>(fdt_getprop(fdt, node, "ibm,opal-phbid", &size));
    if (id == nullptr || size != 8)
        return std::nullopt;
    return load_be<std::uint64_t>(id);
}

/// A PHB's interrupts; null where it has none.
pci::Messages* messages(const void* fdt, int node, std::uint64_t phb, OpalMessages& of_phb) {
    int size = 0;
    const auto* range = static_cast<const std::byte*>(fdt_getprop(fdt, node, "ibm,opal-msi-ranges", &size));
    if (range == nullptr || size < 8)
        return nullptr;
    of_phb.set(phb, load_be<std::uint32_t>(range), load_be<std::uint32_t>(range + 4));
    return &of_phb;
}

} // namespace

bool has_opal_bridges(const void* fdt) {
    for (int node = fdt_next_node(fdt, -1, nullptr); node >= 0; node = fdt_next_node(fdt, node, nullptr))
        if (phb_id(fdt, node))
            return true;
    return false;
}

HostBridges find_opal_bridges(const void* fdt, bool interrupts) {
    HostBridges bridges;
    for (int node = fdt_next_node(fdt, -1, nullptr); node >= 0; node = fdt_next_node(fdt, node, nullptr)) {
        const auto id = phb_id(fdt, node);
        if (!id)
            continue;
        const MemoryWindow window = memory_window(fdt, node);
        if (window.real.empty() || bridges.full()) {
            log("pci: {} is left out: {}", fdt_get_name(fdt, node, nullptr),
                bridges.full() ? "too many host bridges" : "no window for 32-bit memory");
            continue;
        }
        OpalConfigSpace& config = config_spaces[bridges.size()];
        config.set_phb(*id);
        OpalMessages& of_phb = messages_of_phbs[bridges.size()];
        (void)bridges.push_back(
            {&config, window.bus_address, window.real, interrupts ? messages(fdt, node, *id, of_phb) : nullptr});
    }
    return bridges;
}

} // namespace boot

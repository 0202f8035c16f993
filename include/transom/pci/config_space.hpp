// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::pci {

/// One function on a bus of one host bridge.
struct Function {
    std::uint8_t bus = 0;
    std::uint8_t device = 0;   // 0..31
    std::uint8_t function = 0; // 0..7

    constexpr bool operator==(const Function&) const = default;
    /// Bus 15:8, device 7:3, function 2:0: how OPAL names it.
    constexpr std::uint16_t bdfn() const {
        return static_cast<std::uint16_t>(bus << 8 | (device & 31) << 3 | (function & 7));
    }
};

enum class Width : std::uint8_t { one = 1, two = 2, four = 4 };

/// Configuration space behind one host bridge. Values are as the CPU counts, whatever the order on the bus.
class ConfigSpace {
  public:
    /// All ones where nothing answers, as the bus itself does. `offset` is a multiple of the width, below 4096.
    virtual std::uint32_t read(Function function, std::uint16_t offset, Width width) = 0;
    virtual void write(Function function, std::uint16_t offset, Width width, std::uint32_t value) = 0;

    std::uint8_t read8(Function f, std::uint16_t offset) {
        return static_cast<std::uint8_t>(read(f, offset, Width::one));
    }
    std::uint16_t read16(Function f, std::uint16_t offset) {
        return static_cast<std::uint16_t>(read(f, offset, Width::two));
    }
    std::uint32_t read32(Function f, std::uint16_t offset) { return read(f, offset, Width::four); }
    void write16(Function f, std::uint16_t offset, std::uint16_t value) { write(f, offset, Width::two, value); }
    void write32(Function f, std::uint16_t offset, std::uint32_t value) { write(f, offset, Width::four, value); }

  protected:
    ~ConfigSpace() = default;
};

} // namespace transom::pci

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <transom/base/address.hpp>

namespace arch {

/// A model of a device: its registers lie in the ranges where it was attached.
class FakeDevice {
  public:
    virtual ~FakeDevice() = default;
    /// `offset` counts from the begin of the range; `size` is 1, 2, 4 or 8.
    virtual std::uint64_t load(transom::Bytes offset, unsigned size) = 0;
    virtual void store(transom::Bytes offset, unsigned size, std::uint64_t value) = 0;
};

/// Puts a model at a range of real addresses, which must not be the fake machine's memory; nullptr takes it away.
void attach_fake_device(transom::RealRange range, FakeDevice* device);

std::uint64_t fake_mmio_load(transom::RealAddr address, unsigned size);
void fake_mmio_store(transom::RealAddr address, unsigned size, std::uint64_t value);

/// Loads a register, ordered before what follows. All ones where nothing answers.
template <std::unsigned_integral T> T mmio_load(transom::RealAddr address) {
    return static_cast<T>(fake_mmio_load(address, sizeof(T)));
}

/// Stores to a register after everything that was stored to memory before.
template <std::unsigned_integral T> void mmio_store(transom::RealAddr address, T value) {
    fake_mmio_store(address, sizeof(T), value);
}

} // namespace arch

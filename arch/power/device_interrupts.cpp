// SPDX-License-Identifier: Apache-2.0
#include "device_interrupts.hpp"

#include <arch/mmio.hpp>
#include <arch/processors.hpp>
#include <transom/base/static_vector.hpp>

namespace arch {

namespace {

// Of the boot processor: written before the first one can come.
constinit transom::StaticVector<DeviceInterrupt, 16> interrupts{};
constinit std::uint64_t taken = 0;

/// A load at this offset of a source's management page sets its P and Q bits to 0.
constexpr std::uint64_t source_clear = 0xc00;

} // namespace

bool add_device_interrupt(const DeviceInterrupt& interrupt) { return interrupts.push_back(interrupt); }

bool end_device_interrupt(std::uint32_t number) {
    for (const DeviceInterrupt& each : interrupts) {
        if (each.number != number)
            continue;
        ++taken;
        // What came meanwhile (Q was set) is not sent again: the device is looked at after this.
        if (each.end != nullptr)
            each.end(number);
        else
            (void)mmio_load<std::uint64_t>(each.end_of_interrupt + source_clear);
        return true;
    }
    return false;
}

std::uint64_t device_interrupts() { return taken; }

} // namespace arch

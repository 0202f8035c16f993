// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/address.hpp>

namespace arch {

/// A device's interrupt, which firmware has routed to the boot processor: XIVE's for the hypervisor's own ring, POWER8's at the
/// priority of kicks. It comes as a kick does, and stays pending until it is taken.
struct DeviceInterrupt {
    std::uint32_t number = 0;                    // as the controller presents it
    transom::RealAddr end_of_interrupt;          // XIVE: the source's management page
    void (*end)(std::uint32_t number) = nullptr; // POWER8: firmware's call that does it
};

/// Before the device can interrupt. False where there is no room for another one.
bool add_device_interrupt(const DeviceInterrupt& interrupt);

/// On the boot processor: ends an interrupt, so that the device can interrupt again. False where the number is no device's. It is
/// counted.
bool end_device_interrupt(std::uint32_t number);

} // namespace arch

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../network.hpp"

namespace boot {

/// Whether firmware has brought any up.
bool has_opal_bridges(const void* fdt);

/// The host bridges that firmware has brought up, with configuration access by OPAL calls. Once. `interrupts`: the calling processor takes
/// interrupts of devices.
HostBridges find_opal_bridges(const void* fdt, bool interrupts);

} // namespace boot

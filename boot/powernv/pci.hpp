// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../network.hpp"

namespace boot {

/// The host bridges that firmware has brought up, with configuration access by OPAL calls. Once.
HostBridges find_opal_bridges(const void* fdt);

} // namespace boot

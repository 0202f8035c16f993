// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../network.hpp"

namespace boot::pseries {

/// The host bridges of the tree, with configuration access by RTAS. Once.
HostBridges find_rtas_bridges(const void* fdt);

} // namespace boot::pseries

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine_arguments.hpp"

#include "bundle.hpp"
#include "console_filter.hpp"
#include <nlohmann/json.hpp>

namespace transom::tool {

/// Boots the manifest's Linux partition on Transom and the same files on QEMU's own pseries with the hash MMU, one after the
/// other, and compares. Prints the report; returns it for --json.
nlohmann::ordered_json report_boot(const MachineSetup& setup, const ManifestFile& manifest, Clock::time_point until);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bundle.hpp"
#include "machine_arguments.hpp"

#include <transom/tree/manifest.hpp>

namespace transom::tool {

/// QEMU's command line for the same Linux directly on its own pseries machine, on the hashed page table: kernel, initramfs, command line, memory
/// (up to the next multiple of 256 MiB, which pseries wants) and processors of the partition of the manifest.
std::vector<std::string> pseries_linux_arguments(const MachineSetup& setup, const ManifestFile& manifest,
                                                 const tree::PartitionDescription& partition);

} // namespace transom::tool

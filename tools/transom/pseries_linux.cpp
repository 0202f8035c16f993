// SPDX-License-Identifier: Apache-2.0
#include "pseries_linux.hpp"

#include "paths.hpp"

#include <fmt/format.h>

namespace transom::tool {

std::vector<std::string> pseries_linux_arguments(const MachineSetup& setup, const ManifestFile& manifest,
                                                 const tree::PartitionDescription& partition) {
    const bool power8 = setup.kind == MachineKind::powernv8;
    // QEMU's pseries takes memory in steps of 256 MiB.
    const std::uint64_t memory_mib = (partition.memory + mib(256) - 1) / mib(256) * 256;
    std::vector<std::string> arguments = {setup.qemu,
                                          "-M",
                                          pseries_machine(",x-vof=on"),
                                          "-cpu",
                                          power8 ? "POWER8" : "POWER9",
                                          "-m",
                                          fmt::format("{}M", memory_mib),
                                          "-smp",
                                          std::to_string(partition.virtual_processors),
                                          "-nodefaults",
                                          "-nographic",
                                          "-serial",
                                          "stdio",
                                          "-kernel",
                                          resolve(partition.kernel, manifest.folder).string(),
                                          "-append",
                                          fmt::format("{} disable_radix", partition.bootargs)};
    if (!partition.initramfs.empty()) {
        arguments.push_back("-initrd");
        arguments.push_back(resolve(partition.initramfs, manifest.folder).string());
    }
    return arguments;
}

} // namespace transom::tool

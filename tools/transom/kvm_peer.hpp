// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine_arguments.hpp"

namespace transom::tool {

/// The same machine with Linux's KVM-HV in Transom's place.
struct KvmPeer {
    MachineKind kind = MachineKind::powernv9;
    std::string qemu;
    std::filesystem::path kernel, modules, program, image, tree;
};

/// Throws Failure, with the remedy, if a part is missing. `counting_qemu` is empty if there is none.
KvmPeer find_kvm_peer(MachineKind kind, const std::string& counting_qemu);
/// The root file system: our program as init, the modules that it loads, the guest that it runs.
std::vector<std::byte> kvm_peer_archive(const KvmPeer& peer);
/// QEMU's command line, without -icount.
std::vector<std::string> kvm_peer_arguments(const KvmPeer& peer, const std::filesystem::path& archive);

} // namespace transom::tool

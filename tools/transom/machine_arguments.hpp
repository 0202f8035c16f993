// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

enum class MachineKind { powernv8, powernv9, powernv10, pseries };

/// Throws Failure, naming those that there are.
MachineKind parse_machine(std::string_view name);
/// The machines that run partitions, which is all but pseries.
std::vector<MachineKind> partition_machines();
std::string partition_machine_names(); ///< "powernv8, ..."
/// One of these, for a command that starts partitions: `command` is its name and `why_not` why pseries is none for it.
MachineKind parse_partition_machine(std::string_view name, std::string_view command, std::string_view why_not);
std::string_view machine_name(MachineKind kind);
/// MiB, from QEMU's notation (2G, 1536M, 1024). Throws Failure if malformed.
std::uint64_t parse_mib(std::string_view text);
/// The same for a machine: Failure, too, if less than it can have.
std::uint64_t parse_memory(std::string_view text, MachineKind kind);

/// The network card between the machines: an Ethernet segment over a unix socket.
struct LinkSocket {
    std::filesystem::path path;
    bool listens = false;
};

/// One emulated machine that runs Transom.
struct MachineSetup {
    MachineKind kind = MachineKind::powernv9;
    std::string qemu = "qemu-system-ppc64";
    std::uint64_t memory_mib = 2048;
    unsigned processors = 1;
    unsigned chips = 1;  ///< equal parts of the processors and of the memory
    unsigned number = 1; ///< in the MAC addresses and IP addresses, 1 to 9
    std::filesystem::path image, bundle;
    std::optional<LinkSocket> link;
    std::filesystem::path capture; ///< gets all that goes over the link, as libpcap writes it; empty: none
    std::optional<std::uint16_t> management_port; ///< on the host's 127.0.0.1
};

/// The file in the power build that boots on this kind of machine.
std::string_view image_name(MachineKind kind);
/// QEMU's command line.
std::vector<std::string> qemu_arguments(const MachineSetup& setup);

/// The `-cpu` that gives pseries, as the reference, the processor of this kind of machine.
std::string_view reference_processor(MachineKind kind);

/// `-M pseries` and what silences its warnings about mitigations that TCG does not have.
std::string pseries_machine(std::string_view extra);

} // namespace transom::tool

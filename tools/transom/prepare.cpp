// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "failure.hpp"
#include "paths.hpp"
#include "qemu.hpp"

namespace transom::tool {

MachineSetup prepare_machine(const MachineOptions& options) {
    MachineSetup setup;
    setup.kind = parse_machine(options.machine);
    setup.memory_mib = parse_memory(options.memory, setup.kind);
    if (options.processors < 1 || options.processors > 8)
        fail("a machine has 1 to 8 processors, not {}", options.processors);
    setup.processors = options.processors;
    if (options.chips < 1 || options.processors % options.chips != 0)
        fail("{} processors are not on {} chips, as many on each: see --processors and --chips", options.processors,
             options.chips);
    setup.chips = options.chips;
    setup.qemu = options.qemu;
    setup.image =
        options.image.empty() ? power_build_directory() / image_name(setup.kind) : std::filesystem::path(options.image);
    if (!std::filesystem::is_regular_file(setup.image))
        fail("there is no image {}: build it with 'cmake --preset power && cmake --build --preset power'",
             setup.image.string());
    check_qemu(setup.qemu);
    return setup;
}

MachineSetup prepare_partition_machine(const MachineOptions& options, std::string_view command) {
    parse_partition_machine(options.machine, command, "no partition runs there yet");
    return prepare_machine(options);
}

} // namespace transom::tool

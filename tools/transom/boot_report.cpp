// SPDX-License-Identifier: Apache-2.0
#include "boot_report.hpp"

#include "failure.hpp"
#include "log_check.hpp"
#include "paths.hpp"
#include "progress.hpp"
#include "shell.hpp"

#include <fmt/format.h>
#include <transom/tree/manifest.hpp>

namespace transom::tool {
namespace {

constexpr auto answer_time = std::chrono::seconds(30);

struct BootTimes {
    std::optional<double> first_instruction_s;
    double shell_s = 0;  ///< from the start of QEMU to the shell's prompt
    double uptime_s = 0; ///< the partition's own
    std::string kernel;
};

BootTimes boot(const std::string& name, const std::vector<std::string>& arguments, bool hypervisor,
               Clock::time_point until) {
    Progress progress("booting " + name);
    Machine machine(name, arguments);
    Shell shell(machine);
    std::optional<std::size_t> prompt;
    // The prompt is looked for in slices so that the bar moves.
    while (!(prompt = machine.console().wait_for("\ntransom# ", 0, Clock::now() + std::chrono::milliseconds(100)))) {
        machine.check_running();
        progress.update();
        if (Clock::now() >= until)
            machine.fail_with_console("no shell prompt came");
    }
    BootTimes times;
    times.shell_s = std::chrono::duration<double>(machine.console().arrival(*prompt - 1) - machine.started()).count();
    if (hypervisor) {
        const auto entered = machine.console().wait_for_log(first_instruction_line, Clock::now());
        if (entered)
            times.first_instruction_s = std::chrono::duration<double>(*entered - machine.started()).count();
    }
    times.uptime_s = std::stod(shell.run("cat /proc/uptime", Clock::now() + answer_time));
    times.kernel = shell.run("uname -r", Clock::now() + answer_time);
    shell.start("poweroff");
    machine.wait_for_power_off(Clock::now() + answer_time);
    progress.done(fmt::format("shell after {:.2f} s", times.shell_s));
    return times;
}

std::vector<std::string> pseries_arguments(const MachineSetup& setup, const ManifestFile& manifest,
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

} // namespace

nlohmann::ordered_json report_boot(const MachineSetup& setup, const ManifestFile& manifest, Clock::time_point until) {
    const auto parsed = tree::Manifest::parse(manifest.blob);
    if (!parsed || parsed->partitions().size() != 1)
        fail("{}: a boot report needs exactly one partition", manifest.name);
    const auto transom = boot("Transom", qemu_arguments(setup), true, until);
    const auto pseries =
        boot("QEMU pseries", pseries_arguments(setup, manifest, parsed->partitions()[0]), false, until);

    const auto first = transom.first_instruction_s;
    fmt::print("\nBoot of Linux {} on {}, seconds from the start of QEMU\n"
               "                                   Transom   QEMU pseries, hash MMU\n"
               "partition's first instruction     {:>8}   {:>8}\n"
               "shell prompt                      {:>8.2f}   {:>8.2f}\n"
               "partition's own uptime there      {:>8.2f}   {:>8.2f}\n",
               transom.kernel, machine_name(setup.kind), first ? fmt::format("{:.2f}", *first) : "unknown", "-",
               transom.shell_s, pseries.shell_s, transom.uptime_s, pseries.uptime_s);
    if (!first)
        fail("the hypervisor did not log the partition's first instruction");
    return {{"result", "ok"},
            {"machine", machine_name(setup.kind)},
            {"kernel", transom.kernel},
            {"first_instruction_s", *first},
            {"linux_boot_s", transom.shell_s},
            {"linux_uptime_s", transom.uptime_s},
            {"pseries_linux_boot_s", pseries.shell_s},
            {"pseries_linux_uptime_s", pseries.uptime_s}};
}

} // namespace transom::tool

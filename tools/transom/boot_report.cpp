// SPDX-License-Identifier: Apache-2.0
#include "boot_report.hpp"

#include "failure.hpp"
#include "hypervisor_work.hpp"
#include "log_check.hpp"
#include "management_client.hpp"
#include "port.hpp"
#include "progress.hpp"
#include "pseries_linux.hpp"
#include "qemu.hpp"
#include "shell.hpp"
#include "temporary_directory.hpp"

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
    std::optional<HypervisorWork> work; ///< up to the prompt
};

/// What is booted: Transom, where it `has_hypervisor`; with a management port, what the hypervisor executes is asked for.
struct Boot {
    std::string name;
    std::vector<std::string> arguments;
    bool has_hypervisor = false;
    std::string partition = {};
    std::optional<std::uint16_t> management_port = {};
    OperatorKeys keys = {};
};

HypervisorWork ask_for_work(const Boot& what, Machine& machine, Clock::time_point until) {
    ManagementClient client(*what.management_port, what.keys, until, [&] { machine.check_running(); });
    const Answer report = client.demand("report");
    const auto frequency = client.hello().number("timebase");
    if (!frequency)
        fail("the machine does not say how fast its time base is");
    return hypervisor_work(report, client.demand(fmt::format("calls partition={}", what.partition)), *frequency);
}

BootTimes boot(const Boot& what, Clock::time_point until) {
    const std::string& name = what.name;
    Progress progress("booting " + name);
    Machine machine(name, what.arguments);
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
    if (what.management_port)
        times.work = ask_for_work(what, machine, Clock::now() + answer_time);
    if (what.has_hypervisor) {
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

/// The same boot where instructions are counted, with the calls observed; nothing where no QEMU can count.
std::optional<HypervisorWork> count_boot(MachineSetup setup, const ManifestFile& manifest, std::string_view partition,
                                         Clock::time_point until) {
    setup.qemu = find_counting_qemu(setup.qemu);
    if (setup.qemu.empty())
        return {};
    const TemporaryDirectory directory;
    setup.bundle = directory.path() / "bundle";
    MachineKeys keys{fresh_private_key(), {}, {}};
    const OperatorKeys of_operator = fresh_operator(keys);
    write_private_file(setup.bundle, build_bundle(with_observed_calls(manifest), identity_of(setup.number), keys));
    setup.management_port = free_port();
    return boot({.name = "Transom, counted",
                 .arguments = counting(qemu_arguments(setup)),
                 .has_hypervisor = true,
                 .partition = std::string(partition),
                 .management_port = setup.management_port,
                 .keys = of_operator},
                until)
        .work;
}

void print_work(const std::optional<HypervisorWork>& work) {
    if (!work)
        return fmt::print("the hypervisor's instructions are counted with QEMU 10 only: tools/setup --qemu10\n");
    fmt::print("\nThe hypervisor's instructions from the partition's first to the shell prompt, in millions\n"
               "{:>10} hypervisor calls     {:>8.2f}\n"
               "{:>10} other exits          {:>8.2f}\n"
               "           outside the partition{:>8.2f}\n"
               "           together             {:>8.2f}\n",
               work->calls, work->call_instructions / 1e6, work->other_exits, work->other_exit_instructions / 1e6,
               work->outside_instructions / 1e6, work->total() / 1e6);
}

} // namespace

nlohmann::ordered_json report_boot(const MachineSetup& setup, const ManifestFile& manifest, Clock::time_point until) {
    const auto parsed = tree::Manifest::parse(manifest.blob);
    if (!parsed || parsed->partitions().size() != 1)
        fail("{}: a boot report needs exactly one partition", manifest.name);
    const auto& partition = parsed->partitions()[0];
    const auto transom = boot({.name = "Transom", .arguments = qemu_arguments(setup), .has_hypervisor = true}, until);
    const auto pseries =
        boot({.name = "QEMU pseries", .arguments = pseries_linux_arguments(setup, manifest, partition)}, until);
    const auto work = count_boot(setup, manifest, partition.name, until);

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
    print_work(work);
    return {{"result", "ok"},
            {"machine", machine_name(setup.kind)},
            {"kernel", transom.kernel},
            {"first_instruction_s", *first},
            {"linux_boot_s", transom.shell_s},
            {"linux_uptime_s", transom.uptime_s},
            {"pseries_linux_boot_s", pseries.shell_s},
            {"pseries_linux_uptime_s", pseries.uptime_s},
            {"hypervisor_instructions", work ? to_json(*work) : nlohmann::ordered_json()}};
}

} // namespace transom::tool

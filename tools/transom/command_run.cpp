// SPDX-License-Identifier: Apache-2.0
#include "attach.hpp"
#include "boot_report.hpp"
#include "commands.hpp"
#include "examples.hpp"
#include "failure.hpp"
#include "json_file.hpp"
#include "kept_operator.hpp"
#include "log_check.hpp"
#include "machine.hpp"
#include "machine_keys.hpp"
#include "manifest_source.hpp"
#include "port.hpp"
#include "temporary_directory.hpp"
#include "time_limit.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr char quit_letter = 'x';
constexpr auto report_time = std::chrono::seconds(300);

int attached(const MachineSetup& setup, bool expects_partitions, const RunOptions& options, const JsonFile& json) {
    const bool keyboard = isatty(STDIN_FILENO) != 0;
    fmt::print("{} with {} MiB, management on 127.0.0.1:{}{}\n", machine_name(setup.kind), setup.memory_mib,
               *setup.management_port, keyboard ? "; Ctrl-A x ends the machine" : "");
    std::fflush(stdout);
    const auto started = Clock::now();
    std::optional<Clock::time_point> until;
    if (options.common.timeout_s > 0)
        until = started + duration_of(options.common.timeout_s);

    ChildProcess qemu(qemu_arguments(setup), ChildProcess::Streams::piped);
    ConsoleFilter log;
    PipedLine console(qemu.output_fd(), qemu.input_fd());
    const AttachEnd end = attach(console, quit_letter, until, log);
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
    if (end == AttachEnd::timeout)
        fail("the machine still ran after {} s", options.common.timeout_s);
    if (end == AttachEnd::quit) {
        fmt::print("\nmachine ended by Ctrl-A x\n");
    } else {
        const auto status = qemu.wait(std::chrono::seconds(10));
        if (!status)
            fail("QEMU closed the console and does not end");
        if (*status != 0)
            fail("{}", describe_end(qemu, *status));
        if (const auto problem = problem_in_log(log.log(), expects_partitions); !problem.empty())
            fail("{}", problem);
    }
    json.write({{"result", "ok"},
                {"machine", machine_name(setup.kind)},
                {"ended_by", end == AttachEnd::quit ? "user" : "power-off"},
                {"total_s", seconds}});
    return 0;
}

/// The link to another machine, and who is let in there and at the management port, as far as the options say so: what is wrong is said
/// before anything is started.
std::optional<MachineKeys> prepare_link(MachineSetup& setup, const RunOptions& options) {
    constexpr unsigned most_machines = 9;
    if (options.number < 1 || options.number > most_machines)
        fail("run --number {}: machines have the numbers 1 to {}", options.number, most_machines);
    setup.number = options.number;
    const bool listens = !options.link_listen.empty();
    const std::string& path = listens ? options.link_listen : options.link_connect;
    auto keys = read_keys(options.key, options.peer_keys, options.operator_keys);
    if (!options.peer_keys.empty() && path.empty())
        fail("run --peer-key: the machine has no link to others: see --link-listen and --link-connect");
    if (options.peer_keys.empty() && !path.empty())
        fail("run --link-{}: no partition could come or go: give --key and --peer-key (transom key make)",
             listens ? "listen" : "connect");
    if (!path.empty())
        setup.link = LinkSocket{path, listens};
    return keys;
}

ManifestFile manifest_of(const RunOptions& options, MachineKind kind) {
    if (!options.manifest.empty())
        return read_manifest(options.manifest);
    if (kind == MachineKind::pseries) // no partitions there yet
        return empty_manifest();
    return {"debian.dts", ".", compile_manifest_text("debian.dts", debian_manifest)};
}

} // namespace

int run(const RunOptions& options) {
    const JsonFile json(options.common.json);
    MachineSetup setup = options.report              ? prepare_partition_machine(options.common, "run --report")
                         : !options.manifest.empty() ? prepare_partition_machine(options.common, "run --manifest")
                                                     : prepare_machine(options.common);
    if (options.management_port)
        check_port_free(*options.management_port);
    setup.management_port = options.management_port.value_or(free_port());

    MachineKeys keys = prepare_link(setup, options).value_or(MachineKeys{fresh_private_key(), {}, {}});
    std::optional<KeptOperator> whoever_started_it;
    if (keys.operators.empty())
        whoever_started_it.emplace(*setup.management_port, fresh_operator(keys));

    const ManifestFile manifest = manifest_of(options, setup.kind);
    check_memory(manifest, setup.memory_mib);
    const TemporaryDirectory directory;
    setup.bundle = directory.path() / "bundle";
    write_private_file(setup.bundle, build_bundle(manifest, identity_of(setup.number), keys));
    if (!options.report)
        return attached(setup, !partition_names(manifest).empty(), options, json);

    json.write(report_boot(setup, manifest, Clock::now() + time_limit(options.common, report_time)));
    return 0;
}

} // namespace transom::tool

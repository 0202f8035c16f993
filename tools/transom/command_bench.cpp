// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"
#include "commands.hpp"
#include "examples.hpp"
#include "failure.hpp"
#include "hcall_report.hpp"
#include "json_file.hpp"
#include "kvm_peer.hpp"
#include "manifest_source.hpp"
#include "paths.hpp"
#include "progress.hpp"
#include "qemu.hpp"
#include "temporary_directory.hpp"
#include "test_guest.hpp"
#include "time_limit.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

BenchRun run_guest(const std::string& name, const std::vector<std::string>& arguments, Clock::duration limit) {
    Progress progress(name);
    Machine machine(name, arguments);
    const BenchRun run = parse_bench(finish_test_guest(
        machine, limit, [](std::string_view text) { return parse_bench(text).problem(); }, [](std::string_view) {}));
    progress.done(fmt::format("{} operations measured, {} skipped", run.measured.size(), run.skipped.size()));
    for (const auto& one : run.skipped)
        fmt::print("  {}: skipped {}\n", name, one);
    return run;
}

BenchRun run_peer(const KvmPeer& peer, const std::filesystem::path& directory, Clock::duration limit) {
    const auto archive = directory / "peer.cpio";
    write_file(archive, kvm_peer_archive(peer));
    return run_guest(fmt::format("KVM-HV on {}, counted", machine_name(peer.kind)),
                     counting(kvm_peer_arguments(peer, archive)), limit);
}

} // namespace

int bench_hcall(const BenchHcallOptions& options) {
    if (!options.peer.empty() && options.peer != "kvm")
        fail("bench hcall --peer {}: it must be kvm", options.peer);
    const JsonFile json(options.common.json);
    MachineSetup setup = prepare_partition_machine(options.common, "bench hcall");
    const auto limit = time_limit(options.common, test_guest_time);
    const std::string counting_path = find_counting_qemu(options.common.qemu);
    std::optional<KvmPeer> peer;
    if (!options.peer.empty())
        peer = find_kvm_peer(setup.kind, counting_path);

    const TemporaryDirectory directory;
    setup.bundle = directory.path() / "bundle";
    const ManifestFile manifest = {"bench.dts", ".", compile_manifest_text("bench.dts", bench_manifest)};
    write_file(setup.bundle, build_bundle(manifest, identity_of(1)));

    const std::string name = fmt::format("Transom on {}", machine_name(setup.kind));
    HcallRuns runs{.plain = run_guest(name, qemu_arguments(setup), limit)};
    if (!counting_path.empty()) {
        setup.qemu = counting_path;
        runs.counted = run_guest(name + ", counted", counting(qemu_arguments(setup)), limit);
    } else {
        fmt::print("no QEMU 10 (tools/setup --qemu10): instructions are what PMC5 saw, which is too little\n");
    }

    if (peer)
        runs.peer = run_peer(*peer, directory.path(), limit);

    const auto rows = hcall_rows(runs);
    fmt::print("{}", hcall_table(rows));
    nlohmann::ordered_json report = {{"machine", machine_name(setup.kind)},
                                     {"instructions_by", runs.counted ? "icount" : "pmc5"}};
    if (peer)
        report["peer"] = options.peer;
    report["calls"] = hcall_json(rows);
    report["result"] = "ok";
    json.write(report);
    return 0;
}

} // namespace transom::tool

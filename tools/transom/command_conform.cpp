// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"
#include "commands.hpp"
#include "conform_compare.hpp"
#include "examples.hpp"
#include "failure.hpp"
#include "json_file.hpp"
#include "machine.hpp"
#include "manifest_source.hpp"
#include "paths.hpp"
#include "progress.hpp"
#include "qemu.hpp"
#include "temporary_directory.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace transom::tool {
namespace {

constexpr auto default_limit = std::chrono::seconds(120); // for each machine
constexpr auto power_off_time = std::chrono::seconds(20);
constexpr std::string_view last_word = "\n# end ";

TapRun run_guest(const std::string& name, const std::vector<std::string>& arguments, Clock::duration limit) {
    Progress progress(name);
    const auto until = Clock::now() + limit;
    Machine machine(name, arguments);
    Console& console = machine.console();
    std::optional<std::size_t> end;
    while (!(end = console.wait_for(last_word, 0, Clock::now() + std::chrono::milliseconds(200)))) {
        if (console.closed())
            break;
        const TapRun so_far = parse_tap(console.terminal_from(0));
        const double planned = so_far.planned.value_or(0);
        progress.update(planned > 0 ? static_cast<double>(so_far.cases.size()) / planned : 0,
                        fmt::format("{} cases", so_far.cases.size()));
        if (Clock::now() >= until)
            break;
    }
    if (end)
        console.wait_for("\n", *end, until); // the rest of that line
    TapRun run = parse_tap(console.terminal_from(0));
    if (const std::string problem = run.problem(); !problem.empty())
        machine.fail_with_console(problem);
    machine.wait_for_power_off(Clock::now() + power_off_time);
    run = parse_tap(console.terminal_from(0));
    progress.done(fmt::format("{} cases, {} passed, {} failed, {} skipped", run.cases.size(),
                              run.count(TapRun::Verdict::passed), run.count(TapRun::Verdict::failed),
                              run.count(TapRun::Verdict::skipped)));
    return run;
}

TapRun run_on_transom(const ConformOptions& options, Clock::duration limit) {
    MachineSetup setup = prepare_machine(options.common);
    const TemporaryDirectory directory;
    setup.bundle = directory.path() / "bundle";
    const ManifestFile manifest = {"conform.dts", ".", compile_manifest_text("conform.dts", conform_manifest)};
    write_file(setup.bundle, build_bundle(manifest, identity_of(1)));
    return run_guest(fmt::format("Transom on {}", machine_name(setup.kind)), qemu_arguments(setup), limit);
}

TapRun run_on_pseries(const ConformOptions& options, Clock::duration limit) {
    const auto image = power_build_directory() / "tests/guests/conform.bin";
    if (!std::filesystem::is_regular_file(image))
        fail("there is no {}: build it with 'cmake --preset power && cmake --build --preset power'", image.string());
    check_qemu(options.common.qemu);
    // The reference has the processor that the machine under test has.
    const std::string processor(reference_processor(parse_machine(options.common.machine)));
    return run_guest("QEMU pseries with " + processor,
                     {options.common.qemu, "-M", pseries_machine(",cap-hpt-max-page-size=16777216"), "-cpu", processor,
                      "-m", "256", "-nodefaults", "-nographic", "-serial", "stdio", "-bios", image.string()},
                     limit);
}

nlohmann::ordered_json summary(const TapRun& run) {
    return {{"cases", run.cases.size()},
            {"passed", run.count(TapRun::Verdict::passed)},
            {"failed", run.count(TapRun::Verdict::failed)},
            {"skipped", run.count(TapRun::Verdict::skipped)}};
}

void print_failures(const TapRun& run) {
    for (const auto& result : run.cases)
        if (result.verdict == TapRun::Verdict::failed)
            fmt::print("  not ok {}: {}\n", result.name, result.detail);
}

nlohmann::ordered_json print_differences(const std::vector<Difference>& differences) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& difference : differences) {
        fmt::print("  {}\n    Transom: {}\n    pseries: {}\n", difference.name, difference.transom, difference.pseries);
        nlohmann::ordered_json row = {
            {"case", difference.name}, {"transom", difference.transom}, {"pseries", difference.pseries}};
        if (const auto* known = difference.explanation) {
            fmt::print("    right: {}. {}\n", known->right, known->why);
            row["right"] = known->right;
            row["why"] = known->why;
        } else {
            fmt::print("    unexplained\n");
        }
        row["explained"] = difference.explanation != nullptr;
        list.push_back(std::move(row));
    }
    return list;
}

} // namespace

int conform(const ConformOptions& options) {
    const bool transom = options.on != "pseries", pseries = options.on != "transom";
    if (options.on != "transom" && options.on != "pseries" && options.on != "both")
        fail("conform --on {}: it must be transom, pseries or both", options.on);
    const Explanations explanations = read_explanations(options.differences);
    const JsonFile json(options.common.json);
    const auto limit =
        options.common.timeout_s > 0
            ? std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.common.timeout_s))
            : Clock::duration(default_limit);

    nlohmann::ordered_json report = nlohmann::ordered_json::object();
    TapRun ours, theirs;
    std::vector<std::string> complaints;
    if (transom) {
        ours = run_on_transom(options, limit);
        print_failures(ours);
        report["transom"] = summary(ours);
        if (const auto failed = ours.count(TapRun::Verdict::failed))
            complaints.push_back(fmt::format("{} cases failed on Transom", failed));
    }
    if (pseries) {
        theirs = run_on_pseries(options, limit);
        print_failures(theirs);
        report["pseries"] = summary(theirs);
        for (const auto& name : unexplained_failures(theirs, explanations))
            complaints.push_back(
                fmt::format("{} failed on pseries and {} does not explain it", name, options.differences));
    }
    std::vector<Difference> differences;
    if (transom && pseries) {
        differences = compare(ours, theirs, explanations);
        fmt::print("{} differences between Transom and pseries\n", differences.size());
        const auto unexplained = std::ranges::count(differences, nullptr, &Difference::explanation);
        if (unexplained > 0)
            complaints.push_back(fmt::format("{} differences are unexplained", unexplained));
    }
    report["differences"] = print_differences(differences);
    report["result"] = complaints.empty() ? "ok" : "failed";
    json.write(report);
    if (!complaints.empty())
        fail("{}", fmt::join(complaints, "; "));
    return 0;
}

} // namespace transom::tool

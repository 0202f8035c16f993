// SPDX-License-Identifier: Apache-2.0
#include "conform_run.hpp"

#include "bundle.hpp"
#include "examples.hpp"
#include "failure.hpp"
#include "manifest_source.hpp"
#include "paths.hpp"
#include "progress.hpp"
#include "qemu.hpp"
#include "temporary_directory.hpp"
#include "test_guest.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr unsigned virtual_processors = 4; // as many as docs/examples/conform.dts has

/// tests/guests/conform/together.hpp knows the argument.
std::string manifest_text(bool takes_its_time) {
    std::string text(conform_manifest);
    if (takes_its_time)
        text.insert(text.find("kernel ="), "bootargs = \"long\";\n            ");
    return text;
}

TapRun run_guest(const std::string& name, const std::vector<std::string>& arguments, Clock::duration limit) {
    Progress progress(name);
    Machine machine(name, arguments);
    const auto show = [&](std::string_view text) {
        const TapRun so_far = parse_tap(text);
        const double planned = so_far.planned.value_or(0);
        progress.update(planned > 0 ? static_cast<double>(so_far.cases.size()) / planned : 0,
                        fmt::format("{} cases", so_far.cases.size()));
    };
    const TapRun run = parse_tap(finish_test_guest(
        machine, limit, [](std::string_view text) { return parse_tap(text).problem(); }, show));
    progress.done(fmt::format("{} cases, {} passed, {} failed, {} skipped", run.cases.size(),
                              run.count(TapRun::Verdict::passed), run.count(TapRun::Verdict::failed),
                              run.count(TapRun::Verdict::skipped)));
    return run;
}

} // namespace

TapRun conform_on_transom(const MachineOptions& options, bool takes_its_time, Clock::duration limit) {
    MachineSetup setup = prepare_machine(options);
    const TemporaryDirectory directory;
    setup.bundle = directory.path() / "bundle";
    const ManifestFile manifest = {"conform.dts", ".",
                                   compile_manifest_text("conform.dts", manifest_text(takes_its_time))};
    write_file(setup.bundle, build_bundle(manifest, identity_of(1)));
    return run_guest(fmt::format("Transom on {}", machine_name(setup.kind)), qemu_arguments(setup), limit);
}

TapRun conform_on_pseries(const MachineOptions& options, Clock::duration limit) {
    const auto image = power_build_directory() / "tests/guests/conform.bin";
    if (!std::filesystem::is_regular_file(image))
        fail("there is no {}: build it with 'cmake --preset power && cmake --build --preset power'", image.string());
    check_qemu(options.qemu);
    // The reference has the processor that the machine under test has.
    const std::string processor(reference_processor(parse_machine(options.machine)));
    return run_guest("QEMU pseries with " + processor,
                     {options.qemu, "-M", pseries_machine(",cap-hpt-max-page-size=16777216"), "-cpu", processor, "-m",
                      "256", "-smp", std::to_string(virtual_processors), "-nodefaults", "-nographic", "-serial",
                      "stdio", "-bios", image.string()},
                     limit);
}

} // namespace transom::tool

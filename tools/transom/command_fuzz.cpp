// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"
#include "commands.hpp"
#include "examples.hpp"
#include "failure.hpp"
#include "fuzz_session.hpp"
#include "json_file.hpp"
#include "manifest_source.hpp"
#include "paths.hpp"
#include "progress.hpp"
#include "qemu.hpp"
#include "temporary_directory.hpp"
#include "time_limit.hpp"

#include <algorithm>

namespace transom::tool {
namespace {

constexpr double start_s = 60, slowest_operation_s = 0.0005; // of the time that is allowed by default
constexpr std::uint64_t checkpoints = 10;                    // of each seed
constexpr std::size_t most_failures = 5;                     // that are shrunk

/// The same operations on two machines at once.
struct Pair {
    FuzzSession& transom;
    FuzzSession& pseries;

    template <class Start> bool differ(Start start) {
        start(transom);
        start(pseries);
        return transom.wait().digest != pseries.wait().digest;
    }
};

std::vector<std::string> pseries_arguments(const FuzzOptions& options) {
    const auto image = power_build_directory() / "tests/guests/fuzz.bin";
    if (!std::filesystem::is_regular_file(image))
        fail("there is no {}: build it with 'cmake --preset power && cmake --build --preset power'", image.string());
    return {options.common.qemu,
            "-M",
            pseries_machine(",cap-hpt-max-page-size=16777216"),
            "-cpu",
            std::string(reference_processor(parse_machine(options.common.machine))),
            "-m",
            "256",
            "-nodefaults",
            "-nographic",
            "-serial",
            "stdio",
            "-bios",
            image.string()};
}

void run_all(const std::vector<FuzzSession*>& sessions, const FuzzOptions& options) {
    std::string label;
    for (auto* session : sessions) {
        label += (label.empty() ? "" : " and ") + session->name();
        session->start(options.first_seed, options.seeds, options.operations,
                       std::max<std::uint64_t>(options.operations / checkpoints, 1));
    }
    Progress progress(label);
    for (bool all = false; !all;) {
        all = true;
        std::size_t least = options.seeds;
        for (auto* session : sessions) {
            all = session->poll() && all;
            least = std::min(least, session->finished());
        }
        progress.update(static_cast<double>(least) / static_cast<double>(options.seeds),
                        fmt::format("{} of {} seeds", least, options.seeds));
    }
    std::string times;
    for (auto* session : sessions)
        times += fmt::format("{}{:.1f} s", times.empty() ? "" : ", ", session->seconds());
    progress.done(fmt::format("{} seeds of {} operations in {}", options.seeds, options.operations, times));
}

/// Finds, shrinks and prints what makes the runs of a seed differ.
nlohmann::ordered_json explain(Pair pair, std::uint64_t seed, OperationInterval where) {
    Progress progress(fmt::format("seed {}", seed));
    std::size_t attempts = 0;
    const auto attempt = [&](auto start) {
        progress.update();
        ++attempts;
        return pair.differ(start);
    };
    // The short way where the difference shows there, too.
    using Mode = FuzzSession::Mode;
    const bool quick = attempt([&](FuzzSession& session) { session.start_first(seed, where.end, Mode::quick); });
    const Mode mode = quick ? Mode::quick : Mode::whole;
    const auto count = first_failing(where.begin, where.end, [&](std::uint64_t n) {
        return attempt([&](FuzzSession& session) { session.start_first(seed, n, mode); });
    });
    const auto kept = shrink(count, [&](const Operations& operations) {
        return to_intervals(operations).size() <= most_intervals &&
               attempt([&](FuzzSession& session) { session.start_only(seed, operations, mode); });
    });
    for (auto* session : {&pair.transom, &pair.pseries})
        session->start_only(seed, kept, Mode::show);
    const FuzzRun ours = pair.transom.wait(), theirs = pair.pseries.wait();
    progress.done(fmt::format("the first difference is operation {}; {} of {} operations make it, found in {} runs",
                              count - 1, kept.size(), count, attempts));
    auto sequence = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < std::min(ours.operations.size(), theirs.operations.size()); ++i) {
        const std::string &here = ours.operations[i], &there = theirs.operations[i];
        if (here == there)
            fmt::print("  {}\n", here);
        else
            fmt::print("  Transom: {}\n  pseries: {}\n", here, there);
        sequence.push_back({{"transom", here}, {"pseries", there}});
    }
    if (ours.operations == theirs.operations)
        fmt::print("  what is left in the table differs\n");
    return {{"seed", seed}, {"operation", count - 1}, {"sequence", std::move(sequence)}};
}

nlohmann::ordered_json compare_all(Pair pair, const FuzzOptions& options, std::size_t& mismatches) {
    const auto ours = pair.transom.runs(), theirs = pair.pseries.runs();
    auto failures = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
        const auto where = find_difference(ours[i], theirs[i], options.operations);
        if (!where)
            continue;
        if (++mismatches <= most_failures)
            failures.push_back(explain(pair, ours[i].seed, *where));
        else
            fmt::print("seed {}: differs, too\n", ours[i].seed);
    }
    return failures;
}

Clock::duration usual_time(const FuzzOptions& options) {
    return duration_of(start_s + static_cast<double>(options.seeds) * static_cast<double>(options.operations) *
                                     slowest_operation_s);
}

} // namespace

int fuzz(const FuzzOptions& options) {
    const bool transom = options.on != "pseries", pseries = options.on != "transom";
    if (options.on != "transom" && options.on != "pseries" && options.on != "both")
        fail("conform --on {}: it must be transom, pseries or both", options.on);
    if (options.seeds == 0 || options.operations == 0)
        fail("conform --fuzz: there must be a seed and an operation at least");
    const JsonFile json(options.common.json);
    const auto until = Clock::now() + time_limit(options.common, usual_time(options));
    const TemporaryDirectory directory;
    std::optional<FuzzSession> ours, theirs;
    std::vector<FuzzSession*> sessions;
    if (transom) {
        MachineSetup setup = prepare_machine(options.common);
        setup.bundle = directory.path() / "bundle";
        const ManifestFile manifest = {"fuzz.dts", ".", compile_manifest_text("fuzz.dts", fuzz_manifest)};
        write_file(setup.bundle, build_bundle(manifest, identity_of(1)));
        sessions.push_back(
            &ours.emplace(fmt::format("Transom on {}", machine_name(setup.kind)), qemu_arguments(setup), until));
        if (options.defect)
            ours->set_defect(options.defect->first, options.defect->second);
    }
    if (pseries) {
        check_qemu(options.common.qemu);
        sessions.push_back(&theirs.emplace("QEMU pseries", pseries_arguments(options), until));
    }
    run_all(sessions, options);
    std::size_t mismatches = 0;
    nlohmann::ordered_json report = {{"machine", options.common.machine},
                                     {"first_seed", options.first_seed},
                                     {"seeds", options.seeds},
                                     {"operations", options.seeds * options.operations}};
    if (ours)
        report["transom_s"] = ours->seconds();
    if (theirs)
        report["pseries_s"] = theirs->seconds();
    if (ours && theirs) {
        if (ours->table() != theirs->table())
            fail("the two have different tables: {} and {}", ours->table(), theirs->table());
        report["failures"] = compare_all({*ours, *theirs}, options, mismatches);
        report["mismatches"] = mismatches;
        fmt::print("{} mismatches in {} operations\n", mismatches, options.seeds * options.operations);
    }
    for (auto* session : sessions)
        session->power_off();
    report["result"] = mismatches == 0 ? "ok" : "failed";
    json.write(report);
    if (mismatches > 0)
        fail("{} of {} seeds differ", mismatches, options.seeds);
    return 0;
}

} // namespace transom::tool

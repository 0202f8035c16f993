// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "conform_coverage.hpp"
#include "conform_matrix.hpp"
#include "conform_run.hpp"
#include "conform_tap.hpp"
#include "conform_verdict.hpp"
#include "failure.hpp"
#include "json_file.hpp"
#include "text_file.hpp"
#include "time_limit.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr std::chrono::minutes guest_time(3), long_guest_time(20);

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

class Conformance {
  public:
    explicit Conformance(const ConformOptions& options)
        : options_(options), explanations_(read_explanations(options.differences)),
          exemptions_(read_exemptions(options.coverage)) {}

    /// Adds to `results` as it goes, so that what was found is there even where a run then fails as a whole.
    nlohmann::ordered_json check(const std::string& machine, std::vector<ConformResult>& results);
    const Explanations& explanations() const { return explanations_; }
    const std::vector<std::string>& complaints() const { return complaints_; }

  private:
    const ConformOptions& options_;
    Explanations explanations_;
    Exemptions exemptions_;
    std::vector<std::string> complaints_;
};

nlohmann::ordered_json Conformance::check(const std::string& machine, std::vector<ConformResult>& results) {
    const auto complain = [&](const std::string& what) { complaints_.push_back(fmt::format("{}: {}", machine, what)); };
    MachineOptions common = options_.common;
    common.machine = machine;
    const auto limit = time_limit(common, options_.takes_its_time ? long_guest_time : guest_time);
    ConformResult& result = results.emplace_back(ConformResult{.machine = machine});
    nlohmann::ordered_json report = {{"machine", machine}};
    const std::size_t complained = complaints_.size();
    if (options_.on != "pseries") {
        const TapRun& run = result.transom.emplace(conform_on_transom(common, options_.takes_its_time, limit));
        print_failures(run);
        report["transom"] = summary(run);
        if (const auto failed = run.count(TapRun::Verdict::failed))
            complain(fmt::format("{} cases failed on Transom", failed));
    }
    if (options_.on != "transom") {
        const TapRun& run = result.pseries.emplace(conform_on_pseries(common, limit));
        print_failures(run);
        report["pseries"] = summary(run);
        for (const auto& name : unexplained_failures(run, explanations_))
            complain(fmt::format("{} failed on pseries and {} does not explain it", name, options_.differences));
    }
    if (result.transom && result.pseries) {
        result.differences = compare(*result.transom, *result.pseries, explanations_);
        fmt::print("{} differences between Transom and pseries\n", result.differences.size());
        const auto unexplained = std::ranges::count(result.differences, nullptr, &Difference::explanation);
        if (unexplained > 0)
            complain(fmt::format("{} differences are unexplained", unexplained));
    }
    report["differences"] = print_differences(result.differences);
    if (result.transom) {
        const auto coverage = check_coverage(*result.transom, exemptions_);
        fmt::print("{}", describe(coverage));
        report["coverage"] = to_json(coverage);
        result.coverage_gaps = coverage.complaints.size();
        if (result.coverage_gaps > 0)
            complain(fmt::format("the coverage has {} gaps", result.coverage_gaps));
    }
    report["result"] = complaints_.size() == complained ? "ok" : "failed";
    return report;
}

} // namespace

std::vector<std::string> machines_of(const ConformOptions& options) {
    if (options.machines.empty())
        return {options.common.machine};
    std::vector<std::string> machines;
    const auto add = [&](MachineKind kind) {
        if (const auto name = machine_name(kind); std::ranges::find(machines, name) == machines.end())
            machines.emplace_back(name);
    };
    for (const auto& name : options.machines) {
        if (name == "all")
            std::ranges::for_each(partition_machines(), add);
        else
            add(parse_partition_machine(name, "conform", "pseries is what each machine is compared with"));
    }
    return machines;
}

int conform(const ConformOptions& options) {
    if (options.on != "transom" && options.on != "pseries" && options.on != "both")
        fail("conform --on {}: it must be transom, pseries or both", options.on);
    const auto machines = machines_of(options);
    Conformance conformance(options);
    const JsonFile json(options.common.json);
    const TextFile tap(options.tap, write_tap({}, {}, "the command did not get to its end"));
    std::vector<ConformResult> results;
    auto reports = nlohmann::ordered_json::array();
    try {
        for (const auto& machine : machines)
            reports.push_back(conformance.check(machine, results));
    } catch (const Failure& failure) {
        tap.write(write_tap(results, conformance.explanations(), failure.what()));
        throw;
    }
    const auto matrix = make_matrix(results);
    fmt::print("{}{}", describe(matrix), describe_verdict(results, conformance.explanations()));
    tap.write(write_tap(results, conformance.explanations(), ""));
    // One machine's report is the whole report; several are listed.
    auto report = reports.size() == 1 ? reports.front() : nlohmann::ordered_json{{"machines", reports}};
    report["matrix"] = to_json(matrix);
    report["result"] = conformance.complaints().empty() ? "ok" : "failed";
    json.write(report);
    if (!conformance.complaints().empty())
        fail("{}", fmt::join(conformance.complaints(), "; "));
    return 0;
}

} // namespace transom::tool

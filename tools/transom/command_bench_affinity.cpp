// SPDX-License-Identifier: Apache-2.0
#include "affinity_bench.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "interruption.hpp"
#include "json_file.hpp"
#include "progress.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr unsigned most_systems = 1'000'000;
constexpr unsigned timed_systems = 50;

std::string quality_text(const AffinityQuality& quality) {
    std::string text = fmt::format("{} systems of 4 nodes and 8 to 16 partitions, 85 to 90 % full\n", quality.systems);
    text += fmt::format("  within 1 % of the optimum: {} of {} ({:.2f} %); {} more are undecided\n", quality.within,
                        quality.within + quality.beyond, 100 * quality.share_within(), quality.undecided);
    text += fmt::format("  protected partitions with less than before: {}; steps that may not be: {}\n",
                        quality.worsened_protected, quality.illegal);
    const auto row = [&](const char* name, double points, double copies) {
        const double gained = points - quality.before;
        text += fmt::format("  {:<12} {:6.2f} points, {:+6.2f}, {:6.1f} blocks, {:.3f} points for each\n", name, points,
                            gained, copies, copies > 0 ? gained / copies : 0);
    };
    text += fmt::format("  {:<12} {:6.2f} points\n", "as they were", quality.before);
    row("first fit", quality.first_fit, quality.first_fit_copies);
    row("greedy", quality.greedy, quality.greedy_copies);
    row("plan", quality.plan, quality.copies);
    return text;
}

nlohmann::ordered_json to_json(const AffinityQuality& quality) {
    return {{"systems", quality.systems},
            {"within", quality.within},
            {"beyond", quality.beyond},
            {"undecided", quality.undecided},
            {"beyond_seeds", quality.beyond_seeds},
            {"undecided_seeds", quality.undecided_seeds},
            {"illegal_steps", quality.illegal},
            {"score_before", quality.before},
            {"score_first_fit", quality.first_fit},
            {"score_greedy", quality.greedy},
            {"score_plan", quality.plan},
            {"steps", quality.steps},
            {"blocks_first_fit", quality.first_fit_copies},
            {"blocks_greedy", quality.greedy_copies},
            {"blocks_plan", quality.copies}};
}

} // namespace

int bench_affinity(const BenchAffinityOptions& options) {
    if (options.systems < 1 || options.systems > most_systems)
        fail("bench affinity --systems {}: 1 to {} are compared with the optimum", options.systems, most_systems);
    const JsonFile json(options.json);

    nlohmann::ordered_json report;
    const auto time = [&](std::size_t nodes, std::size_t partitions, unsigned systems) {
        const AffinityTimes times = measure_affinity_times(nodes, partitions, systems, options.seed);
        fmt::print("{} nodes, {} partitions: scores {:.1f} us, a plan {:.2f} ms ({:.2f} at most), from {:.2f} to "
                   "{:.2f} points\n",
                   nodes, partitions, times.score_us, times.plan_ms, times.longest_plan_ms, times.before, times.after);
        std::fflush(stdout);
        const std::string size = fmt::format("{}x{}", nodes, partitions);
        report["score_us_" + size] = times.score_us;
        report["plan_ms_" + size] = times.plan_ms;
        report["longest_plan_ms_" + size] = times.longest_plan_ms;
    };
    time(4, 8, timed_systems);
    time(16, 256, timed_systems);
    time(64, 4096, 1);

    Progress progress("plans beside the optimum");
    const AffinityQuality quality = measure_affinity_quality(options.systems, options.seed, [&](double share) {
        check_interruption();
        progress.update(share, "");
    });
    progress.done(fmt::format("{} compared", quality.systems));
    fmt::print("{}", quality_text(quality));
    const auto complaints = quality.complaints();
    for (const std::string& complaint : complaints)
        fmt::print("{}\n", complaint);

    report["within_1pct_of_optimum"] = quality.share_within();
    report["worsened_protected"] = quality.worsened_protected;
    report["quality"] = to_json(quality);
    report["complaints"] = complaints;
    report["result"] = complaints.empty() ? "ok" : "failed";
    json.write(report);
    return complaints.empty() ? 0 : 1;
}

} // namespace transom::tool

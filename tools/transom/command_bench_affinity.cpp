// SPDX-License-Identifier: Apache-2.0
#include "affinity_bench.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "interruption.hpp"
#include "json_file.hpp"
#include "progress.hpp"
#include "reallocation_bench.hpp"
#include "time_limit.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr unsigned most_systems = 1'000'000;
constexpr unsigned timed_systems = 50;
constexpr auto machine_time = std::chrono::seconds(600);

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

/// A machine for each number of chips, with a processor and as much memory on each.
std::vector<MachineSetup> prepare_machines(const BenchAffinityOptions& options) {
    constexpr unsigned mib_of_chip = 1024;
    std::vector<MachineSetup> setups;
    for (const unsigned chips : options.chips) {
        if (chips < 2)
            fail("bench affinity --chips {}: a partition moves among 2 chips or more", chips);
        MachineOptions machine = options.common;
        machine.chips = machine.processors = chips;
        machine.memory = fmt::format("{}M", chips * mib_of_chip);
        setups.push_back(prepare_partition_machine(machine, "bench affinity"));
    }
    return setups;
}

} // namespace

int bench_affinity(const BenchAffinityOptions& options) {
    if (options.systems < 1 || options.systems > most_systems)
        fail("bench affinity --systems {}: 1 to {} are compared with the optimum", options.systems, most_systems);
    if (options.moves < 1)
        fail("bench affinity --moves 0: a partition moves at least once");
    const JsonFile json(options.common.json);
    const auto setups = options.only_plans ? std::vector<MachineSetup>{} : prepare_machines(options);
    const auto until = Clock::now() + time_limit(options.common, machine_time);

    nlohmann::ordered_json report;
    auto running = nlohmann::ordered_json::array();
    bool right = true;
    for (const MachineSetup& setup : setups) {
        const ReallocationCost cost = measure_reallocation(setup, options.moves, until);
        fmt::print("{}", to_text(cost));
        right = right && cost.wrong == 0;
        running.push_back(to_json(cost));
    }
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
    auto complaints = quality.complaints();
    if (!right)
        complaints.push_back("a partition that was moved has found something else in its memory than had to be there");
    for (const std::string& complaint : complaints)
        fmt::print("{}\n", complaint);

    report["within_1pct_of_optimum"] = quality.share_within();
    report["worsened_protected"] = quality.worsened_protected;
    report["quality"] = to_json(quality);
    report["running"] = running;
    report["complaints"] = complaints;
    report["result"] = complaints.empty() ? "ok" : "failed";
    json.write(report);
    return complaints.empty() ? 0 : 1;
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "affinity_bench.hpp"
#include "baselines.hpp"
#include "optimum.hpp"
#include "system.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace transom::tool {
namespace {

using namespace affinity;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> list) {
    const auto middle = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2);
    std::ranges::nth_element(list, middle);
    return *middle;
}

std::uint32_t blocks_moved(const Allocation& from, const Allocation& to) {
    std::uint32_t sum = 0;
    for (std::size_t p = 0; p < from.partitions().size(); ++p) {
        const Place before = from.place(p), after = to.place(p);
        sum += before.page_table != after.page_table ? from.partitions()[p].size.page_table : 0;
        for (std::size_t n = 0; n < before.on.size(); ++n)
            sum += after.on[n].memory > before.on[n].memory ? after.on[n].memory - before.on[n].memory : 0;
    }
    return sum;
}

/// Carries a plan out; after how many of its steps somebody was where he may not be.
unsigned illegal_steps(const Allocation& current, const OwnedPlan& made) {
    OwnedAllocation now(current.nodes(), current.partitions());
    now->copy(current);
    unsigned illegal = 0;
    for (const Step& step : made.plan.steps) {
        const std::uint32_t unit = current.partitions()[step.partition].size.per_processor;
        if (step.what == Step::What::memory)
            now->move_memory(step.partition, step.from, step.to, step.count);
        else if (step.what == Step::What::processors)
            now->move_processing(step.partition, step.from, step.to, step.count * unit);
        else
            now->move_page_table(step.partition, step.to);
        illegal += step.with_next || is_legal(*now, current) ? 0 : 1;
    }
    return illegal;
}

/// Most systems are decided soon; the others get more.
Better::Answer is_beyond(const Valuation& valuation, double points) {
    for (const unsigned nodes : {200, 1'500}) {
        const Better better = is_there_better(valuation, points / 0.99, nodes);
        if (better.answer != Better::Answer::undecided)
            return better.answer;
    }
    return Better::Answer::undecided;
}

void add_system(AffinityQuality& sum, std::uint64_t seed) {
    System system;
    make_system(system, {.partitions = 8 + seed % 9}, seed);
    const Allocation& current = **system.current;
    const OwnedPlan made(metric(Formula::composite), current);
    const Valuation& valuation = made.planner.valuation();
    const double points = points_of(valuation, made.planner.reached());
    switch (is_beyond(valuation, points)) {
    case Better::Answer::no:
        ++sum.within;
        break;
    case Better::Answer::yes:
        ++sum.beyond;
        sum.beyond_seeds.push_back(seed);
        break;
    case Better::Answer::undecided:
        ++sum.undecided;
        sum.undecided_seeds.push_back(seed);
    }
    ++sum.systems;
    for (std::size_t p = 0; p < system.partitions.size(); ++p)
        sum.worsened_protected +=
            system.partitions[p].stays && made.planner.potential(p) < made.planner.current(p) ? 1 : 0;
    sum.illegal += illegal_steps(current, made);

    OwnedAllocation other(system.nodes, system.partitions);
    first_fit(current, *other);
    sum.first_fit += points_of(valuation, *other);
    sum.first_fit_copies += blocks_moved(current, *other);
    greedy(valuation, *other);
    sum.greedy += points_of(valuation, *other);
    sum.greedy_copies += blocks_moved(current, *other);
    sum.before += points_of(valuation, current);
    sum.plan += points;
    sum.steps += static_cast<double>(made.plan.steps.size());
    sum.copies += static_cast<double>(made.plan.copies);
}

} // namespace

AffinityTimes measure_affinity_times(std::size_t nodes, std::size_t partitions, unsigned systems, std::uint64_t seed) {
    AffinityTimes result{.nodes = nodes, .partitions = partitions};
    std::vector<double> scores, plans;
    for (unsigned i = 0; i < systems; ++i) {
        System system;
        make_system(system,
                    {.nodes = nodes,
                     .partitions = partitions,
                     .memory = static_cast<std::uint32_t>(16 * partitions / nodes),
                     .processing = static_cast<std::uint32_t>(100 * partitions / nodes)},
                    seed + i);
        const Allocation& current = **system.current;
        OwnedRoom room(Planner::room_for(nodes, partitions));
        std::vector<Step> steps(16 * partitions);
        const auto begin = Clock::now();
        Planner planner(metric(Formula::composite), current, Planner::usual_work(nodes, partitions), room.bytes());
        while (planner.improve(1'000'000'000)) {}
        const Plan plan = planner.plan(steps);
        plans.push_back(milliseconds_since(begin));

        SystemScore sum;
        const auto scored = Clock::now();
        for (std::size_t p = 0; p < partitions; ++p)
            sum.add(system.partitions[p].size, planner.current(p));
        scores.push_back(milliseconds_since(scored) * 1000);
        result.before += static_cast<double>(sum.mean().value_or(Score{}).millionths) / 1e6 / systems;
        result.after += static_cast<double>(plan.after.millionths) / 1e6 / systems;
    }
    result.score_us = median(scores);
    result.plan_ms = median(plans);
    result.longest_plan_ms = *std::ranges::max_element(plans);
    return result;
}

AffinityQuality measure_affinity_quality(unsigned systems, std::uint64_t seed,
                                         const std::function<void(double)>& progress) {
    AffinityQuality sum;
    for (unsigned i = 0; i < systems; ++i) {
        add_system(sum, seed + i);
        progress(static_cast<double>(i + 1) / systems);
    }
    for (double* mean : {&sum.before, &sum.first_fit, &sum.greedy, &sum.plan, &sum.steps, &sum.copies,
                         &sum.greedy_copies, &sum.first_fit_copies})
        *mean /= std::max(systems, 1U);
    return sum;
}

std::vector<std::string> AffinityQuality::complaints() const {
    std::vector<std::string> list;
    if (worsened_protected != 0)
        list.push_back(fmt::format("{} protected partitions have less than before", worsened_protected));
    if (illegal != 0)
        list.push_back(fmt::format("after {} steps somebody was where he may not be", illegal));
    if (share_within() < 0.99)
        list.push_back(fmt::format("of {} plans only {} are within 1 % of the optimum", within + beyond, within));
    return list;
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "conform_verdict.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

struct Sums {
    std::size_t cases = 0, failed = 0;
    std::size_t reference_cases = 0, reference_failed = 0, reference_unexplained = 0;
    std::size_t differences = 0, unexplained = 0;
    std::size_t gaps = 0;
    bool on_transom = false, on_pseries = false;

    void add(const ConformResult& result, const Explanations& explanations) {
        if (result.transom) {
            on_transom = true;
            cases += result.transom->cases.size();
            failed += result.transom->count(TapRun::Verdict::failed);
        }
        if (result.pseries) {
            on_pseries = true;
            reference_cases += result.pseries->cases.size();
            reference_failed += result.pseries->count(TapRun::Verdict::failed);
            reference_unexplained += unexplained_failures(*result.pseries, explanations).size();
        }
        differences += result.differences.size();
        unexplained +=
            static_cast<std::size_t>(std::ranges::count(result.differences, nullptr, &Difference::explanation));
        gaps += result.coverage_gaps;
    }
};

std::string counted(std::size_t count, std::string_view singular, std::string_view rest) {
    return fmt::format("{} {}{} {}", count, singular, count == 1 ? "" : "s", rest);
}

std::string explained(std::size_t all, std::size_t unexplained) {
    return all == 0 ? "" : unexplained == 0 ? ", all explained" : fmt::format(", {} of them unexplained", unexplained);
}

std::string line(const Sums& sums, std::string_view where) {
    if (!sums.on_transom)
        return fmt::format("conform: {} cases on pseries like {}: {} failed{}\n", sums.reference_cases, where,
                           sums.reference_failed, explained(sums.reference_failed, sums.reference_unexplained));
    std::string text = fmt::format("conform: {} cases on {}: {} failed", sums.cases, where, sums.failed);
    if (sums.on_pseries)
        text += ", " + counted(sums.differences, "difference", "from pseries") +
                explained(sums.differences, sums.unexplained);
    // One that fails on both does not differ, but it may lack its explanation.
    if (sums.reference_unexplained > 0)
        text += ", " + counted(sums.reference_unexplained, "unexplained failure", "of pseries");
    if (sums.gaps > 0)
        text += ", " + counted(sums.gaps, "gap", "in the coverage");
    return text + '\n';
}

} // namespace

std::string describe_verdict(const std::vector<ConformResult>& results, const Explanations& explanations) {
    std::string text;
    Sums all;
    for (const auto& result : results) {
        Sums one;
        one.add(result, explanations);
        all.add(result, explanations);
        text += line(one, result.machine);
    }
    if (results.size() > 1)
        text += line(all, fmt::format("{} machines", results.size()));
    return text;
}

} // namespace transom::tool

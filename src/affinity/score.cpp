// SPDX-License-Identifier: Apache-2.0
#include "metrics.hpp"
#include <algorithm>
#include <array>
#include <transom/affinity/fit.hpp>
#include <transom/affinity/score.hpp>
#include <transom/base/panic.hpp>

namespace transom::affinity {

std::span<const Metric* const> metrics() {
    static constexpr std::array<const Metric*, 2> all = {&claimed_metric, &composite_metric};
    return all;
}

const Metric& metric(Formula formula) {
    for (const Metric* one : metrics())
        if (one->formula == formula)
            return *one;
    panic("affinity: a formula that is none");
}

std::uint32_t fewest_nodes(const Nodes& nodes, const Size& size) {
    // The largest first, of each resource by itself.
    const auto needed = [&](std::uint64_t amount, auto of) {
        std::array<std::uint32_t, max_nodes> capacities;
        const auto list = std::span(capacities).first(nodes.count());
        for (std::size_t n = 0; n < list.size(); ++n)
            list[n] = of(nodes.capacity()[n]);
        std::ranges::sort(list, [](std::uint32_t a, std::uint32_t b) { return a > b; });
        std::uint32_t count = 0;
        for (std::uint64_t have = 0; count < list.size() && have < amount; ++count)
            have += list[count];
        return count;
    };
    return std::max({needed(size.memory, [](const Amounts& amounts) { return amounts.memory; }),
                     needed(size.processing(), [](const Amounts& amounts) { return amounts.processing; }), 1U});
}

Yardstick yardstick(const Metric& metric, const Nodes& nodes, const Size& size) {
    Yardstick result{.best = whole, .fewest_nodes = fewest_nodes(nodes, size)};
    if (!metric.normalised)
        return result;
    Spot spot;
    const auto best = best_spot(nodes, size, nodes.capacity(), Care::thorough, spot, [&](const Place& place) {
        return static_cast<std::int64_t>(metric.share(nodes, place, result.fewest_nodes).value_or(0));
    });
    // More than the machine has: what it scores is not compared with anything.
    if (best && *best > 0)
        result.best = static_cast<Fraction>(*best);
    return result;
}

std::optional<Score> score(const Metric& metric, const Nodes& nodes, const Place& place, const Yardstick& yardstick) {
    const auto share = metric.share(nodes, place, yardstick.fewest_nodes);
    if (!share)
        return {};
    const auto points = static_cast<std::int64_t>(*share * std::uint64_t{full_score.millionths} / yardstick.best);
    return std::min(Score{points}, full_score);
}

void SystemScore::Half::add(std::uint64_t amount, Score score) {
    total += amount;
    points += amount * static_cast<std::uint64_t>(score.millionths);
}

void SystemScore::add(const Size& size, std::optional<Score> score) {
    if (!score)
        return;
    memory_.add(size.memory, *score);
    processing_.add(size.processing(), *score);
}

std::optional<Score> SystemScore::mean() const {
    if (memory_.total == 0 || processing_.total == 0)
        return {};
    return Score{static_cast<std::int64_t>((memory_.mean() + processing_.mean()) / 2)};
}

} // namespace transom::affinity

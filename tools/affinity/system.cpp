// SPDX-License-Identifier: Apache-2.0
#include "system.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace transom::affinity {
namespace {

using Random = std::mt19937_64;

std::uint64_t draw(Random& random, std::uint64_t below) { return random() % below; }
double chance(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

/// So many parts of `total`, of very different sizes, none of them 0.
std::vector<std::uint32_t> parts_of(Random& random, double total, std::size_t count) {
    std::vector<double> parts(count);
    for (double& part : parts)
        part = -std::log(1 - chance(random)) + 0.1;
    const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
    std::vector<std::uint32_t> result(count);
    std::ranges::transform(parts, result.begin(),
                           [&](double part) { return std::max(1U, static_cast<std::uint32_t>(part / sum * total)); });
    return result;
}

void make_nodes(Nodes& nodes, const SystemKind& kind, Random& random) {
    // All as far from each other, or in drawers of two and of four.
    const bool drawers = draw(random, 2) == 0;
    nodes.reset(kind.nodes, 40);
    for (std::size_t a = 0; a < kind.nodes; ++a) {
        nodes.set_capacity(static_cast<NodeIndex>(a), {kind.memory, kind.processing});
        for (std::size_t b = 0; b < a && drawers; ++b)
            if (a / 4 == b / 4)
                nodes.set_distance(static_cast<NodeIndex>(a), static_cast<NodeIndex>(b), a / 2 == b / 2 ? 20 : 40);
            else
                nodes.set_distance(static_cast<NodeIndex>(a), static_cast<NodeIndex>(b), 80);
    }
}

void make_partitions(std::vector<Partition>& partitions, const SystemKind& kind, Random& random) {
    const auto full = [&] { return kind.least_full + (kind.most_full - kind.least_full) * chance(random); };
    const auto count = static_cast<double>(kind.nodes);
    const auto memory = parts_of(random, full() * kind.memory * count, kind.partitions);
    const auto processing = parts_of(random, full() * kind.processing * count, kind.partitions);
    partitions.assign(kind.partitions, {});
    for (std::size_t p = 0; p < partitions.size(); ++p) {
        Size& size = partitions[p].size;
        size.page_table = memory[p] / 128 + 1;
        size.memory = std::max(1U, memory[p] - std::min(memory[p], size.page_table));
        size.processors = 1 + static_cast<std::uint32_t>(draw(random, kind.most_processors));
        // A virtual processor is no larger than a processor.
        while (processing[p] / size.processors > 100)
            ++size.processors;
        size.per_processor = std::max(1U, processing[p] / size.processors);
        partitions[p].stays = chance(random) < kind.protected_share;
    }
}

/// Anywhere. False: page tables and processors did not find room.
bool place_all(Allocation& allocation, Random& random) {
    const auto nodes = allocation.nodes().count();
    Spot spot;
    const auto any_node = [&](auto has_room) -> std::optional<NodeIndex> {
        std::vector<NodeIndex> with_room;
        for (NodeIndex n = 0; n < nodes; ++n)
            if (has_room(n))
                with_room.push_back(n);
        return with_room.empty() ? std::nullopt : std::optional(with_room[draw(random, with_room.size())]);
    };
    for (std::size_t p = 0; p < allocation.partitions().size(); ++p) {
        const Size& size = allocation.partitions()[p].size;
        const auto free = allocation.free();
        spot.on.fill({});
        const auto table = any_node([&](NodeIndex n) { return free[n].memory >= size.page_table; });
        if (!table)
            return false;
        spot.page_table = *table;
        for (std::uint32_t left = size.memory; left > 0;) {
            const auto room = [&](NodeIndex n) {
                return free[n].memory - spot.on[n].memory - (n == *table ? size.page_table : 0);
            };
            const auto node = any_node([&](NodeIndex n) { return room(n) > 0; });
            if (!node)
                return false;
            const auto blocks = static_cast<std::uint32_t>(1 + draw(random, std::min(left, room(*node))));
            spot.on[*node].memory += blocks;
            left -= blocks;
        }
        for (std::uint32_t left = size.processors; left > 0; --left) {
            const auto node =
                any_node([&](NodeIndex n) { return free[n].processing - spot.on[n].processing >= size.per_processor; });
            if (!node)
                return false;
            spot.on[*node].processing += size.per_processor;
        }
        allocation.put(p, spot.place(nodes));
    }
    return true;
}

} // namespace

void make_system(System& system, const SystemKind& kind, std::uint64_t seed) {
    Random random(seed);
    do {
        make_nodes(system.nodes, kind, random);
        make_partitions(system.partitions, kind, random);
        system.current.emplace(system.nodes, system.partitions);
    } while (!place_all(**system.current, random));
}

OwnedPlan::OwnedPlan(const Metric& metric, const Allocation& current, std::uint64_t work, std::size_t most_steps)
    : room(Planner::room_for(current.nodes().count(), current.partitions().size())),
      planner(metric, current,
              work != 0 ? work : Planner::usual_work(current.nodes().count(), current.partitions().size()),
              room.bytes()),
      steps(most_steps) {
    while (planner.improve(1'000'000'000)) {}
    plan = planner.plan(steps);
}

bool is_legal(const Allocation& allocation, const Allocation& current) {
    std::vector<Amounts> used(allocation.nodes().count());
    for (std::size_t p = 0; p < allocation.partitions().size(); ++p) {
        const Place place = allocation.place(p), before = current.place(p);
        const Size& size = allocation.partitions()[p].size;
        Amounts sum;
        for (std::size_t n = 0; n < used.size(); ++n) {
            sum.memory += place.on[n].memory;
            sum.processing += place.on[n].processing;
            used[n].memory += place.on[n].memory + (n == place.page_table ? size.page_table : 0);
            used[n].processing += place.on[n].processing;
            if (size.per_processor != 0 && place.on[n].processing % size.per_processor != 0)
                return false;
        }
        if (sum != Amounts{size.memory, size.processing()})
            return false;
        if (allocation.partitions()[p].stays &&
            (place.page_table != before.page_table || !std::ranges::equal(place.on, before.on)))
            return false;
    }
    for (std::size_t n = 0; n < used.size(); ++n) {
        const Amounts capacity = allocation.nodes().capacity()[n];
        if (used[n].memory > capacity.memory || used[n].processing > capacity.processing)
            return false;
        if (allocation.free()[n] != Amounts{capacity.memory - used[n].memory, capacity.processing - used[n].processing})
            return false;
    }
    return true;
}

double points_of(const Valuation& valuation, const Allocation& allocation) {
    double sum = 0;
    for (std::size_t p = 0; p < allocation.partitions().size(); ++p)
        sum += static_cast<double>(valuation.points(p, allocation.place(p)));
    return sum / static_cast<double>(Valuation::weight_sum()) / 1e6;
}

} // namespace transom::affinity

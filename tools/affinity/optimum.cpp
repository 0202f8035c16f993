// SPDX-License-Identifier: Apache-2.0
#include "optimum.hpp"
#include "problem.hpp"
#include "ways.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace transom::affinity {
namespace {

Better find(const Valuation& valuation, double known, Detail detail, bool any, unsigned most_nodes) {
    const Allocation& current = valuation.current();
    const std::size_t nodes = current.nodes().count(), partitions = current.partitions().size();
    if (valuation.metric().formula != Formula::composite)
        throw std::invalid_argument("the optimum is known for the composite formula only");

    // What stays has what it has.
    std::vector<double> memory(nodes), processing(nodes);
    for (std::size_t n = 0; n < nodes; ++n) {
        memory[n] = current.nodes().capacity()[n].memory;
        processing[n] = current.nodes().capacity()[n].processing;
    }
    double staying = 0, possible = 0;
    std::vector<Way> ways;
    std::vector<double> most(partitions, 0);
    for (std::size_t p = 0; p < partitions; ++p) {
        const Place place = current.place(p);
        if (current.partitions()[p].stays) {
            staying +=
                static_cast<double>(valuation.points(p, place)) / static_cast<double>(Valuation::weight_sum()) / 1e6;
            for (std::size_t n = 0; n < nodes; ++n) {
                memory[n] -= place.on[n].memory + (n == place.page_table ? current.partitions()[p].size.page_table : 0);
                processing[n] -= place.on[n].processing;
            }
            continue;
        }
        const std::size_t first = ways.size();
        add_ways(valuation, detail, p,
                 static_cast<double>(valuation.weight(p)) / static_cast<double>(Valuation::weight_sum()), ways);
        for (std::size_t i = first; i < ways.size(); ++i)
            most[p] = std::max(most[p], ways[i].most);
        possible += most[p];
    }
    // Even if all others had their best, a way that costs more than this would not come to what is known.
    const double spare = staying + possible - known;
    std::erase_if(ways, [&](const Way& way) { return most[way.partition] - way.most >= spare; });
    if (spare <= 0)
        return {Better::Answer::no, known};

    Problem problem;
    std::vector<int> memory_row, processing_row;
    for (std::size_t n = 0; n < nodes; ++n) {
        memory_row.push_back(problem.row(-Problem::unbounded, memory[n]));
        processing_row.push_back(problem.row(-Problem::unbounded, processing[n]));
    }
    for (std::size_t p = 0; p < partitions; ++p) {
        if (current.partitions()[p].stays)
            continue;
        const Size& size = current.partitions()[p].size;
        const int one_way = problem.row(1, 1);
        // What is decided, one thing after the other, is not which way, of which there are hundreds, but what it is made of: on which nodes,
        // how many processors on each, where the page table.
        const auto decision = [&] {
            const int row = problem.row(0, 0);
            problem.entry(row, problem.column(0, 1, true), -1);
            return row;
        };
        std::vector<int> is_used(nodes), has_table(nodes);
        std::map<std::pair<std::size_t, std::uint32_t>, int> has_processing;
        const int one_table = detail == Detail::processors || detail == Detail::nodes ? problem.row(1, 1) : 0;
        for (std::size_t n = 0; n < nodes; ++n) {
            if (detail == Detail::everything || detail == Detail::nodes)
                is_used[n] = decision();
            if (detail != Detail::processors && detail != Detail::nodes) {
                has_table[n] = decision();
                continue;
            }
            const int table = problem.column(0, 1, false); // it takes its room somewhere, whole or not
            problem.entry(one_table, table, 1);
            problem.entry(memory_row[n], table, size.page_table);
        }
        for (const Way& way : ways) {
            if (way.partition != p)
                continue;
            const int chosen = problem.column(0, 1, false), all_memory = problem.row(0, 0);
            problem.entry(one_way, chosen, 1);
            problem.entry(all_memory, chosen, -1.0 * size.memory);
            if (way.table) {
                problem.entry(memory_row[*way.table], chosen, size.page_table);
                problem.entry(has_table[*way.table], chosen, 1);
            }
            for (std::size_t n = 0; n < nodes; ++n) {
                const auto found = has_processing.find({n, way.processing[n]});
                const int row = found != has_processing.end() ? found->second : decision();
                has_processing[{n, way.processing[n]}] = row;
                problem.entry(row, chosen, 1);
                if (way.processing[n] != 0)
                    problem.entry(processing_row[n], chosen, way.processing[n]);
                if ((way.nodes >> n & 1) == 0)
                    continue;
                if (detail == Detail::everything || detail == Detail::nodes)
                    problem.entry(is_used[n], chosen, 1);
                // With the ways chosen, memory is a problem of transport, whose solutions are whole blocks by themselves.
                const int blocks = problem.column(way.block_points[n], size.memory, false);
                problem.entry(all_memory, blocks, 1);
                problem.entry(memory_row[n], blocks, 1);
                const double most_there = std::max(0.0, memory[n] - (way.table == n ? size.page_table : 0));
                if (most_there < size.memory) { // which makes the relaxed problem tighter
                    const int link = problem.row(-Problem::unbounded, 0);
                    problem.entry(link, blocks, 1);
                    problem.entry(link, chosen, -most_there);
                }
            }
        }
    }
    Better better = problem.solve(known - staying, any, most_nodes);
    better.points += staying;
    return better;
}

} // namespace

Better is_there_better(const Valuation& valuation, double points, unsigned most_nodes) {
    for (const Detail detail : {Detail::processors, Detail::nodes, Detail::page_tables}) {
        const Better better = find(valuation, points, detail, true, most_nodes);
        if (better.answer == Better::Answer::no)
            return better;
    }
    return find(valuation, points, Detail::everything, true, most_nodes);
}

Better find_optimum(const Valuation& valuation, double known, unsigned most_nodes) {
    return find(valuation, known, Detail::everything, false, most_nodes);
}

} // namespace transom::affinity

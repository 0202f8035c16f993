// SPDX-License-Identifier: Apache-2.0
#include "costs.hpp"

#include "tally.hpp"

#include "../common/processors.hpp"

#include <algorithm>

namespace storing {

namespace {

constexpr std::size_t kept = 65536, most_ticks = 8192;

struct Cost {
    std::uint64_t at = 0;
    std::uint32_t ticks = 0;
    Costly call = {};
};
/// Of one processor, which writes it; the other one may read a cost that is just being written, of which there are few.
struct Costs {
    std::array<Cost, kept> last{};
    std::uint64_t count = 0;
};
std::array<Costs, processors> costs;
std::array<std::uint64_t, most_ticks> histogram;

constexpr std::array<std::string_view, 3> names = {"H_ENTER", "H_REMOVE", "H_PROTECT"};

/// The ticks that so many hundredths of the calls did not exceed.
std::int64_t percentile(std::uint64_t count, std::uint64_t hundredths) {
    std::uint64_t left = (count * hundredths + 99) / 100;
    for (std::size_t ticks = 0; ticks < histogram.size(); ++ticks) {
        if (histogram[ticks] >= left)
            return static_cast<std::int64_t>(ticks);
        left -= histogram[ticks];
    }
    return most_ticks;
}

void say(Costly call, std::uint64_t from, std::uint64_t to) {
    histogram.fill(0);
    std::uint64_t count = 0, longest = 0;
    for (const Costs& of_one : costs)
        for (const Cost& cost : of_one.last) {
            if (cost.call != call || cost.at < from || cost.at >= to)
                continue;
            ++count;
            ++histogram[std::min<std::uint64_t>(cost.ticks, most_ticks - 1)];
            longest = std::max<std::uint64_t>(longest, cost.ticks);
        }
    guest::Line line;
    line << "storing: cost call=" << names[static_cast<std::size_t>(call)]
         << " count=" << static_cast<std::int64_t>(count);
    if (count != 0)
        line << " p50=" << percentile(count, 50) << " p99=" << percentile(count, 99)
             << " max=" << static_cast<std::int64_t>(longest);
    guest::print(line);
}

} // namespace

void keep_cost(Costly call, std::uint64_t at, std::uint64_t ticks) {
    Costs& mine = costs[guest::processor_number()];
    mine.last[mine.count++ % kept] = {at, static_cast<std::uint32_t>(std::min<std::uint64_t>(ticks, ~std::uint32_t{0})),
                                      call};
}

void say_costs(std::uint64_t from, std::uint64_t to) {
    for (const Costly call : {Costly::enter, Costly::remove, Costly::protect})
        say(call, from, to);
    guest::print("storing: costs end");
}

} // namespace storing

// SPDX-License-Identifier: Apache-2.0
#include "shrink.hpp"

#include <algorithm>
#include <numeric>

namespace transom::tool {
namespace {

/// The last operations alone, twice as many each time: what came long before seldom matters, and this costs little to try.
Operations shortest_end(std::uint64_t count, const std::function<bool(const Operations&)>& fails) {
    for (std::uint64_t length = 1;; length *= 2) {
        length = std::min(length, count);
        Operations end(length);
        std::iota(end.begin(), end.end(), count - length);
        if (length == count || fails(end))
            return end;
    }
}

/// Leaves out each run of `chunk` operations that is not needed, from the last to the first.
bool drop_chunks(Operations& kept, std::size_t chunk, const std::function<bool(const Operations&)>& fails) {
    bool dropped = false;
    for (std::size_t end = kept.size(); end > 0;) {
        const std::size_t begin = end > chunk ? end - chunk : 0;
        Operations fewer(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(begin));
        fewer.insert(fewer.end(), kept.begin() + static_cast<std::ptrdiff_t>(end), kept.end());
        if (!fewer.empty() && fails(fewer)) {
            kept = std::move(fewer);
            dropped = true;
        }
        end = begin;
    }
    return dropped;
}

} // namespace

std::uint64_t first_failing(std::uint64_t low, std::uint64_t high, const std::function<bool(std::uint64_t)>& fails) {
    while (high - low > 1) {
        const std::uint64_t middle = low + (high - low) / 2;
        (fails(middle) ? high : low) = middle;
    }
    return high;
}

Operations shrink(std::uint64_t count, const std::function<bool(const Operations&)>& fails) {
    Operations kept = shortest_end(count, fails);
    for (std::size_t chunk = kept.size() / 2; chunk > 1; chunk = std::min(chunk, kept.size()) / 2)
        drop_chunks(kept, chunk, fails);
    while (drop_chunks(kept, 1, fails)) {}
    return kept;
}

std::vector<OperationInterval> to_intervals(const Operations& operations) {
    std::vector<OperationInterval> intervals;
    for (const auto operation : operations) {
        if (!intervals.empty() && intervals.back().end == operation)
            ++intervals.back().end;
        else
            intervals.push_back({operation, operation + 1});
    }
    return intervals;
}

} // namespace transom::tool

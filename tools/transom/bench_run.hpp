// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What one run of the bench guest printed (docs/bench.md, "The guest's lines").
struct BenchRun {
    /// Totals of one round, over `count` operations.
    struct Measured {
        std::string name;
        std::uint64_t count = 0;
        std::uint64_t instructions = 0; ///< PMC5
        std::uint64_t ticks = 0;        ///< of the time base
        bool operator==(const Measured&) const = default;
    };

    std::vector<Measured> measured;
    std::vector<std::string> skipped; ///< "NAME REASON"
    std::vector<std::string> malformed;
    std::uint64_t timebase_frequency = 0; ///< Hz
    std::uint64_t operations = 0;         ///< from "# end"
    std::string bail_out;
    bool ended = false;

    const Measured* find(std::string_view name) const;
    /// Why the run is not to be trusted; empty if it is.
    std::string problem() const;
};

BenchRun parse_bench(std::string_view text);

} // namespace transom::tool

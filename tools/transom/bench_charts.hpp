// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench_cell.hpp"

#include <filesystem>

namespace transom::tool {

/// A chart of bars: a group for each guest, in it a bar for each way.
struct BenchChart {
    std::string file; ///< without its folder
    std::string title, unit;
    std::vector<std::string> ways;
    struct Group {
        std::string guest;
        std::vector<std::optional<double>> values; ///< by way; nothing where it was not measured
    };
    std::vector<Group> groups;
};

/// Pages that went again, bytes on the wire, downtime, slowdown: of those there is something to show in.
std::vector<BenchChart> bench_charts(const std::vector<BenchCell>& cells);

/// What gnuplot is to do to write the chart to a file as SVG.
std::string gnuplot_script(const BenchChart& chart, const std::filesystem::path& file);

/// Throws Failure, with the remedy, where there is no gnuplot.
void check_gnuplot();
/// Writes each chart into the folder, which is made. Returns the files.
std::vector<std::filesystem::path> write_charts(const std::vector<BenchChart>& charts,
                                                const std::filesystem::path& folder);

} // namespace transom::tool

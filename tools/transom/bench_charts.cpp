// SPDX-License-Identifier: Apache-2.0
#include "bench_charts.hpp"

#include "bundle.hpp"
#include "child_process.hpp"
#include "failure.hpp"
#include "temporary_directory.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <span>

namespace transom::tool {
namespace {

constexpr auto drawing_time = std::chrono::seconds(30);

using Value = std::function<std::optional<double>(const BenchCell&)>;

std::string way_of(const BenchCell& cell) { return cell.mover == "qemu" ? "QEMU" : cell.way; }

template <class List> void add_once(List& list, const std::string& name) {
    if (std::ranges::find(list, name) == list.end())
        list.push_back(name);
}

BenchChart chart(const std::vector<BenchCell>& cells, std::string file, std::string title, std::string unit,
                 const Value& value) {
    BenchChart chart{std::move(file), std::move(title), std::move(unit), {}, {}};
    std::vector<std::string> guests;
    for (const BenchCell& cell : cells)
        if (value(cell)) {
            add_once(chart.ways, way_of(cell));
            add_once(guests, cell.guest.text());
        }
    for (const std::string& guest : guests) {
        BenchChart::Group group{guest, {}};
        for (const std::string& way : chart.ways) {
            std::vector<double> values;
            for (const BenchCell& cell : cells)
                if (cell.guest.text() == guest && way_of(cell) == way)
                    if (const auto one = value(cell))
                        values.push_back(*one);
            group.values.push_back(median_of(std::move(values)));
        }
        chart.groups.push_back(std::move(group));
    }
    return chart;
}

std::optional<double> slowdown(const BenchCell& cell) {
    const auto found = std::ranges::find(cell.move.phases, "pre-copying", &PhaseProgress::phase);
    return found == cell.move.phases.end() ? std::nullopt : std::optional(100 * found->slowdown);
}

/// In double quotes, for gnuplot.
std::string in_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        result += c;
    }
    return result + '"';
}

} // namespace

std::vector<BenchChart> bench_charts(const std::vector<BenchCell>& cells) {
    const auto moved = [](const BenchCell& cell) { return cell.result == "moved"; };
    // QEMU's pages are smaller, and standing still there is nothing to send again.
    const Value resent = [&](const BenchCell& cell) -> std::optional<double> {
        if (!moved(cell) || cell.mover == "qemu" || cell.way == "stop-and-copy")
            return {};
        return static_cast<double>(cell.move.pages_resent);
    };
    std::vector<BenchChart> charts = {
        chart(cells, "resent.svg", "Pages sent again", "pages", resent),
        chart(cells, "wire.svg", "Bytes on the wire for each byte of memory", "bytes",
              [&](const BenchCell& cell) {
                  return moved(cell) ? std::optional(cell.bytes_per_memory_byte()) : std::nullopt;
              }),
        chart(cells, "downtime.svg", "Downtime as the host sees it", "ms",
              [&](const BenchCell& cell) {
                  return moved(cell) ? std::optional(cell.move.ticks.longest_gap_ms) : std::nullopt;
              }),
        chart(cells, "slowdown.svg", "How much slower the guest is while its memory is copied", "%", slowdown)};
    std::erase_if(charts, [](const BenchChart& each) { return each.groups.empty(); });
    return charts;
}

std::string gnuplot_script(const BenchChart& chart, const std::filesystem::path& file) {
    std::string text = "$data << END\n";
    for (const BenchChart::Group& group : chart.groups) {
        text += in_quotes(group.guest);
        for (const auto& value : group.values)
            text += value ? fmt::format(" {:.6g}", *value) : " NaN";
        text += '\n';
    }
    text += fmt::format("END\n"
                        "set terminal svg size 960,480 background rgb \"white\"\n"
                        "set output {}\n"
                        "set title {}\n"
                        "set ylabel {}\n"
                        "set style data histograms\n"
                        "set style fill solid 0.8 border -1\n"
                        "set xtics rotate by -20\n"
                        "set grid ytics\n"
                        "set yrange [*<0:*]\n"
                        "set key outside right\n"
                        "plot ",
                        in_quotes(file.string()), in_quotes(chart.title), in_quotes(chart.unit));
    for (std::size_t i = 0; i < chart.ways.size(); ++i)
        text += fmt::format("{}$data using {}{} title {} noenhanced", i == 0 ? "" : ", ", i + 2,
                            i == 0 ? ":xtic(1)" : "", in_quotes(chart.ways[i]));
    return text + "\n";
}

void check_gnuplot() {
    try {
        if (run_to_end({"gnuplot", "--version"}, drawing_time).status == 0)
            return;
    } catch (const Failure&) {}
    fail("there is no gnuplot for --charts: tools/setup installs it");
}

std::vector<std::filesystem::path> write_charts(const std::vector<BenchChart>& charts,
                                                const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        fail("cannot make the directory {} for the charts: {}", folder.string(), error.message());
    const TemporaryDirectory directory;
    std::vector<std::filesystem::path> files;
    for (const BenchChart& chart : charts) {
        const auto file = folder / chart.file, script = directory.path() / "script";
        const std::string text = gnuplot_script(chart, file);
        write_file(script, std::as_bytes(std::span(text)));
        const Finished finished = run_to_end({"gnuplot", script.string()}, drawing_time);
        if (finished.status != 0)
            fail("gnuplot cannot draw {}: {}", file.string(), last_line(finished.error_text));
        files.push_back(file);
    }
    return files;
}

} // namespace transom::tool

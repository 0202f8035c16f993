// SPDX-License-Identifier: Apache-2.0
#include "conform_matrix.hpp"

#include "conform_coverage.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr std::string_view sum = "all";

void count(CaseCounts& counts, TapRun::Verdict verdict, bool differs) {
    counts.passed += verdict == TapRun::Verdict::passed;
    counts.failed += verdict == TapRun::Verdict::failed;
    counts.skipped += verdict == TapRun::Verdict::skipped;
    counts.differing += differs;
}

ConformMatrix::Line& line_of(ConformMatrix& matrix, std::string_view call) {
    auto found = std::ranges::find(matrix.lines, call, &ConformMatrix::Line::call);
    if (found == matrix.lines.end())
        found = matrix.lines.insert(matrix.lines.end(), {std::string(call), {}});
    return *found;
}

void add(ConformMatrix& matrix, const ConformResult& result, std::string implementation, const TapRun& run) {
    const std::size_t column = matrix.columns.size();
    matrix.columns.push_back({result.machine, std::move(implementation)});
    for (const auto& one : run.cases) {
        const bool differs =
            std::ranges::find(result.differences, one.name, &Difference::name) != result.differences.end();
        for (const std::string_view call : {subject_of(one), sum}) {
            auto& cells = line_of(matrix, call).cells;
            cells.resize(column + 1);
            count(cells[column], one.verdict, differs);
        }
    }
}

std::string describe(const CaseCounts& counts) {
    if (counts.passed + counts.failed == 0)
        return counts.skipped == 0 ? "" : fmt::format("-/-/{}", counts.differing);
    return fmt::format("{}/{}/{}", counts.passed, counts.failed, counts.differing);
}

} // namespace

ConformMatrix make_matrix(const std::vector<ConformResult>& results) {
    ConformMatrix matrix;
    for (const auto& result : results) {
        if (result.transom)
            add(matrix, result, "Transom", *result.transom);
        if (result.pseries)
            add(matrix, result, "pseries", *result.pseries);
    }
    std::ranges::stable_partition(matrix.lines, [](const auto& line) { return line.call != sum; });
    for (auto& line : matrix.lines)
        line.cells.resize(matrix.columns.size());
    return matrix;
}

std::string describe(const ConformMatrix& matrix) {
    std::size_t name_width = 0, width = 0;
    for (const auto& column : matrix.columns)
        width = std::max({width, column.machine.size(), column.implementation.size()});
    for (const auto& line : matrix.lines) {
        name_width = std::max(name_width, line.call.size());
        for (const auto& cell : line.cells)
            width = std::max(width, describe(cell).size());
    }
    std::string text = "Cases passed/failed/differing from the other implementation; - where all are skipped:\n";
    const auto add_line = [&](std::string_view name, auto cell) {
        std::string line = fmt::format("{:{}}", name, name_width);
        for (std::size_t i = 0; i < matrix.columns.size(); ++i)
            line += fmt::format("  {:>{}}", cell(i), width);
        text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    };
    add_line("", [&](std::size_t i) { return matrix.columns[i].machine; });
    add_line("", [&](std::size_t i) { return matrix.columns[i].implementation; });
    for (const auto& line : matrix.lines)
        add_line(line.call, [&](std::size_t i) { return describe(line.cells[i]); });
    return text;
}

nlohmann::ordered_json to_json(const ConformMatrix& matrix) {
    auto rows = nlohmann::ordered_json::array();
    for (const auto& line : matrix.lines)
        for (std::size_t i = 0; i < matrix.columns.size(); ++i)
            rows.push_back({{"call", line.call},
                            {"machine", matrix.columns[i].machine},
                            {"implementation", matrix.columns[i].implementation},
                            {"passed", line.cells[i].passed},
                            {"failed", line.cells[i].failed},
                            {"skipped", line.cells[i].skipped},
                            {"differing", line.cells[i].differing}});
    return rows;
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "link_report.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

nlohmann::ordered_json json_of(const LinkCounts& counts) {
    return {{"frames", counts.frames},      {"passed", counts.passed},
            {"lost", counts.lost},          {"cut", counts.cut},
            {"overrun", counts.overrun},    {"duplicated", counts.duplicated},
            {"reordered", counts.reordered}};
}

} // namespace

nlohmann::ordered_json LinkReport::json() const {
    nlohmann::ordered_json report = {{"rules", rules}};
    report.update(json_of(counts[0] + counts[1]));
    report["a_to_b"] = json_of(counts[0]);
    report["b_to_a"] = json_of(counts[1]);
    return report;
}

std::string LinkReport::text() const {
    const LinkCounts all = counts[0] + counts[1];
    return fmt::format("  link               {} frames: {} lost, {} cut off, {} too many, {} twice, {} out of order\n",
                       all.frames, all.lost, all.cut, all.overrun, all.duplicated, all.reordered);
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tap.hpp"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

namespace transom::tool {

/// Why two machines may differ in a case, and which is right: tests/guests/conform/differences.json
struct Explanation {
    std::string right, why;
};
using Explanations = std::map<std::string, Explanation>;

/// Throws Failure for a table that is malformed.
Explanations parse_explanations(const nlohmann::json& table, const std::string& name);
Explanations read_explanations(const std::filesystem::path& file);

struct Difference {
    std::string name;             ///< of the case
    std::string transom, pseries; ///< what each did
    const Explanation* explanation = nullptr;
};

/// What came of one machine: the suite as a partition of Transom, and on pseries with the same processor.
struct ConformResult {
    std::string machine;
    std::optional<TapRun> transom = {}, pseries = {};
    std::vector<Difference> differences = {};
    std::size_t coverage_gaps = 0; ///< kinds of cases that calls should have and have not
};

/// Cases in which the two runs differ. With an observation on both sides the observations decide, else the verdicts.
std::vector<Difference> compare(const TapRun& transom, const TapRun& pseries, const Explanations& explanations);

/// Cases that did not pass on the reference machine and that the table says nothing about.
std::vector<std::string> unexplained_failures(const TapRun& pseries, const Explanations& explanations);

} // namespace transom::tool

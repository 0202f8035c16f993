// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tap.hpp"

#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace transom::tool {

/// The kinds of cases that each hypervisor call of the table has.
constexpr std::array<std::string_view, 4> case_kinds = {"good", "boundary", "hostile", "problem_state"};

/// Which kinds a call cannot have, by call and kind, and why: tests/guests/conform/coverage.json
using Exemptions = std::map<std::pair<std::string, std::string>, std::string>;
/// Throws Failure for a table that is malformed or names what is not there.
Exemptions parse_exemptions(const nlohmann::json& table, const std::string& name);
Exemptions read_exemptions(const std::filesystem::path& file);

struct Coverage {
    std::size_t calls = 0, kinds = 0; ///< of the table; calls by kinds
    std::size_t by_cases = 0, skipped = 0, exempt = 0;
    std::vector<std::string> complaints; ///< what is missing, and marks that a run does not bear out
};

/// Looks at a run on Transom. A case that was skipped counts for its marks, a case that ran only if it did what they say: a
/// good call was accepted, one with a boundary argument refused, one in problem state made there.
Coverage check_coverage(const TapRun& run, const Exemptions& exemptions);
std::string describe(const Coverage& coverage);
nlohmann::ordered_json to_json(const Coverage& coverage);

/// The call that a case is about, "H_ENTER"; the family, the part of its name before the dot, where it is about none.
std::string_view subject_of(const TapRun::Case& one);

} // namespace transom::tool

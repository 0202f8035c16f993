// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "conform_compare.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace transom::tool {

/// How many cases of a call did what on one implementation.
struct CaseCounts {
    std::size_t passed = 0, failed = 0, skipped = 0;
    std::size_t differing = 0; ///< from the other implementation on the same machine
    bool operator==(const CaseCounts&) const = default;
};

/// Hypervisor calls (or, for cases that are about none, their families) by machines and implementations.
struct ConformMatrix {
    struct Column {
        std::string machine, implementation;
    };
    struct Line {
        std::string call;
        std::vector<CaseCounts> cells; ///< as many as there are columns
    };
    std::vector<Column> columns;
    std::vector<Line> lines; ///< in the order of the cases; the last one is the sum
};

ConformMatrix make_matrix(const std::vector<ConformResult>& results);
/// For people: one line each, columns aligned.
std::string describe(const ConformMatrix& matrix);
nlohmann::ordered_json to_json(const ConformMatrix& matrix);

} // namespace transom::tool

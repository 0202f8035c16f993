// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "management_answer.hpp"

namespace transom::tool {

/// One digest per page of a partition's memory, as `digest` of the management service gives them.
struct DigestTable {
    std::string algorithm;
    std::uint64_t granule = 0; ///< bytes
    std::vector<std::uint64_t> pages;

    /// Throws Failure if rows are missing, out of order or malformed.
    static DigestTable parse(const Answer& answer);
};

struct DigestComparison {
    std::uint64_t pages = 0;
    std::vector<std::uint64_t> different; ///< page numbers
    std::string mismatch;                 ///< set if the tables cannot be compared at all

    bool match() const { return mismatch.empty() && different.empty() && pages > 0; }
};

DigestComparison compare(const DigestTable& source, const DigestTable& target);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "digest_table.hpp"

#include "failure.hpp"

#include <charconv>

namespace transom::tool {

DigestTable DigestTable::parse(const Answer& answer) {
    DigestTable table;
    for (const Fields& row : answer.rows()) {
        if (row.number("first") != table.pages.size())
            fail("the digest table has a row for page {} where page {} should follow", row.text("first"),
                 table.pages.size());
        const std::string hashes = row.text("hashes");
        const char* next = hashes.data();
        const char* const end = next + hashes.size();
        while (next != end) {
            std::uint64_t hash = 0;
            const auto [behind, error] = std::from_chars(next, end, hash, 16);
            if (error != std::errc{} || (behind != end && *behind != ','))
                fail("the digest of page {} is malformed", table.pages.size());
            table.pages.push_back(hash);
            next = behind == end ? end : behind + 1;
        }
    }
    table.algorithm = answer.result().text("algorithm");
    table.granule = answer.result().number("granule").value_or(0);
    if (answer.result().number("pages") != table.pages.size())
        fail("the digest table has {} pages and says that it has {}", table.pages.size(),
             answer.result().text("pages"));
    return table;
}

DigestComparison compare(const DigestTable& source, const DigestTable& target) {
    DigestComparison result;
    if (source.algorithm != target.algorithm)
        result.mismatch = fmt::format("algorithm {} and {}", source.algorithm, target.algorithm);
    else if (source.granule != target.granule)
        result.mismatch = fmt::format("granule {} and {}", source.granule, target.granule);
    else if (source.pages.size() != target.pages.size())
        result.mismatch = fmt::format("{} pages and {}", source.pages.size(), target.pages.size());
    if (!result.mismatch.empty())
        return result;
    result.pages = source.pages.size();
    for (std::uint64_t page = 0; page < result.pages; ++page)
        if (source.pages[page] != target.pages[page])
            result.different.push_back(page);
    return result;
}

} // namespace transom::tool

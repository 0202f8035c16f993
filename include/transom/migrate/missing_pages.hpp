// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/static_vector.hpp>
#include <transom/migrate/error.hpp>

namespace transom::migrate {

/// Logical pages, by their numbers, both included.
struct PageRange {
    std::uint64_t first = 0, last = 0;
};

/// What a survivor can name of the pages that a partition lacks: the first few ranges, and how many pages there are beside those.
struct MissingPages {
    StaticVector<PageRange, 4> ranges;
    std::uint64_t more = 0;
};

/// Of `pages` pages, of which `left` are missing. It looks no further than to the page behind the last range.
template <class IsMissing> MissingPages name_missing(std::uint64_t pages, std::uint64_t left, IsMissing&& is_missing) {
    MissingPages named;
    std::uint64_t listed = 0;
    for (std::uint64_t page = 0; page < pages && !named.ranges.full(); ++page) {
        if (!is_missing(page))
            continue;
        PageRange range{page, page};
        while (range.last + 1 < pages && is_missing(range.last + 1))
            ++range.last;
        static_cast<void>(named.ranges.push_back(range)); // it is not full
        listed += range.last - range.first + 1;
        page = range.last;
    }
    named.more = left > listed ? left - listed : 0;
    return named;
}

/// The failure, with "pages 3-5,17 and 12 more are missing: " before its text, whose end is left away where there is no room for it.
/// `why` as it is where nothing is missing.
Failure with_missing(const Failure& why, const MissingPages& missing);

} // namespace transom::migrate

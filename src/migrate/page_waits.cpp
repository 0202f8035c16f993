// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <transom/migrate/page_waits.hpp>

namespace transom::migrate {

unsigned PageWaits::bucket_of(Ticks ticks) {
    if (ticks < 4)
        return static_cast<unsigned>(ticks);
    const auto log2 = static_cast<unsigned>(std::bit_width(ticks)) - 1;
    return 4 * (log2 - 1) + static_cast<unsigned>(ticks >> (log2 - 2) & 3);
}

/// The last of its ticks.
Ticks PageWaits::end_of(unsigned bucket) {
    if (bucket < 4)
        return bucket;
    const unsigned log2 = bucket / 4 + 1;
    return ((Ticks{5} + bucket % 4) << (log2 - 2)) - 1;
}

void PageWaits::ask(PageIndex page, Ticks now) {
    const bool known = std::ranges::any_of(open_, [page](const Wait& wait) { return wait.page.value == page.value; });
    if (!known && !open_.full())
        static_cast<void>(open_.push_back({page, now}));
}

bool PageWaits::come(PageIndex page, Ticks now) {
    const auto found = std::ranges::find(open_, page.value, [](const Wait& wait) { return wait.page.value; });
    if (found == open_.end())
        return false;
    const Ticks took = now - found->since;
    *found = open_.end()[-1];
    open_.pop_back();
    ++count_;
    ++counts_[bucket_of(took)];
    longest_ = std::max(longest_, took);
    return true;
}

Ticks PageWaits::percentile(unsigned hundredths) const {
    const std::uint64_t rank = (count_ * hundredths + 99) / 100;
    std::uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < buckets && rank != 0; ++bucket)
        if ((seen += counts_[bucket]) >= rank)
            return std::min(end_of(bucket), longest_);
    return 0;
}

} // namespace transom::migrate

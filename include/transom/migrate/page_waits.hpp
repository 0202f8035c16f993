// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <transom/base/static_vector.hpp>
#include <transom/migrate/page_set.hpp>
#include <transom/migrate/write_curve.hpp>

namespace transom::migrate {

/// How long virtual processors wait for pages that have not come (R52): from the demand that leaves for the source to the page that is
/// stored here.
class PageWaits {
  public:
    /// Demanded, by one virtual processor at least; the first time counts.
    void ask(PageIndex page, Ticks now);
    /// Stored. Whether somebody had asked for it.
    bool come(PageIndex page, Ticks now);

    std::uint64_t count() const { return count_; }
    Ticks longest() const { return longest_; }
    /// So many hundredths of the waits took no longer; up to a quarter more than the longest of them did. 0 where there were none.
    Ticks percentile(unsigned hundredths) const;

  private:
    struct Wait {
        PageIndex page;
        Ticks since = 0;
    };
    /// Four to each power of two.
    static constexpr unsigned buckets = 4 * 64;
    static unsigned bucket_of(Ticks ticks);
    static Ticks end_of(unsigned bucket);

    StaticVector<Wait, 8> open_;
    std::array<std::uint32_t, buckets> counts_{};
    std::uint64_t count_ = 0;
    Ticks longest_ = 0;
};

} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace transom::partition {

/// A date and time of day in UTC as RTAS passes it.
struct DateTime {
    std::uint32_t year = 1970;
    std::uint32_t month = 1; // 1 to 12
    std::uint32_t day = 1;   // 1 to 31
    std::uint32_t hour = 0;
    std::uint32_t minute = 0;
    std::uint32_t second = 0;
    std::uint32_t nanosecond = 0;

    bool operator==(const DateTime&) const = default;
};

/// A moment, since 1970-01-01 00:00 UTC.
struct Moment {
    std::uint64_t seconds = 0;
    std::uint32_t nanoseconds = 0;

    bool operator==(const Moment&) const = default;
};

/// The last second of the year 9999.
constexpr std::uint64_t last_second = 253'402'300'799;

/// A later moment than `last_second` is taken for that.
DateTime to_date_time(Moment moment);
/// Nothing where there is no such date, or one before 1970 or after 9999.
std::optional<Moment> to_moment(const DateTime& date);

/// The partition's time of day clock: what it was when the partition's own time base was `base_ticks`. Both move with
/// the partition, whose time base goes on at the target, so this needs no adjustment there.
struct Clock {
    std::uint64_t frequency = 512'000'000; // ticks of the time base in a second
    std::uint64_t base_ticks = 0;
    Moment base;

    /// `timebase` is the partition's.
    Moment now(std::uint64_t timebase) const;
    void set(Moment moment, std::uint64_t timebase) {
        base = moment;
        base_ticks = timebase;
    }
};

} // namespace transom::partition

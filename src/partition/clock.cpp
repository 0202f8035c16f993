// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <transom/partition/clock.hpp>

namespace transom::partition {
namespace {

constexpr std::uint64_t day_seconds = 86400;
constexpr std::uint32_t nanoseconds = 1'000'000'000;
constexpr std::uint32_t first_year = 1970;
constexpr std::uint32_t last_year = 9999;

constexpr bool leap(std::uint32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr std::uint32_t days_in_month(std::uint32_t year, std::uint32_t month) {
    constexpr std::array<std::uint32_t, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(year) ? 1 : 0);
}

/// Days from 1970-01-01 to the first day of a year.
constexpr std::uint64_t days_before(std::uint32_t year) {
    const std::uint64_t y = year - 1;
    constexpr std::uint64_t e = first_year - 1;
    return (y * 365 + y / 4 - y / 100 + y / 400) - (e * 365 + e / 4 - e / 100 + e / 400);
}

} // namespace

DateTime to_date_time(Moment moment) {
    const std::uint64_t seconds = std::min(moment.seconds, last_second);
    std::uint64_t day = seconds / day_seconds;
    const auto second = static_cast<std::uint32_t>(seconds % day_seconds);
    // 400 years have 146097 days: an estimate that is never late and at most one year early.
    auto year = static_cast<std::uint32_t>(first_year + day * 400 / 146097);
    while (days_before(year) > day)
        --year;
    while (days_before(year + 1) <= day)
        ++year;
    day -= days_before(year);
    std::uint32_t month = 1;
    while (day >= days_in_month(year, month))
        day -= days_in_month(year, month++);
    return {year,
            month,
            static_cast<std::uint32_t>(day) + 1,
            second / 3600,
            second / 60 % 60,
            second % 60,
            moment.nanoseconds};
}

std::optional<Moment> to_moment(const DateTime& date) {
    if (date.year < first_year || date.year > last_year || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_in_month(date.year, date.month) || date.hour > 23 || date.minute > 59 || date.second > 59 ||
        date.nanosecond >= nanoseconds)
        return std::nullopt;
    std::uint64_t day = days_before(date.year) + date.day - 1;
    for (std::uint32_t month = 1; month < date.month; ++month)
        day += days_in_month(date.year, month);
    return Moment{day * day_seconds + date.hour * 3600 + date.minute * 60 + date.second, date.nanosecond};
}

Moment Clock::now(std::uint64_t timebase) const {
    const std::uint64_t ticks = timebase - base_ticks;
    const std::uint64_t rest = ticks % frequency * nanoseconds / frequency + base.nanoseconds;
    return {base.seconds + ticks / frequency + rest / nanoseconds, static_cast<std::uint32_t>(rest % nanoseconds)};
}

} // namespace transom::partition

// SPDX-License-Identifier: Apache-2.0
#include "habit.hpp"

namespace writer {

namespace {

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || value > 1'000'000'000)
            return {};
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return text.empty() ? std::nullopt : std::optional(value);
}

/// The next word, without `prefix`, which it must have.
std::optional<std::string_view> take(std::string_view& text, std::string_view prefix) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size() < text.size() ? word.size() + 1 : text.size());
    if (!word.starts_with(prefix))
        return {};
    return word.substr(prefix.size());
}

/// One of the pages from `begin` to `end`, in hundredths of all; there may be so few that the part has none.
std::uint64_t one_of(guest::Random& random, std::uint64_t pages, std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t first = pages * begin / 100, count = pages * end / 100 - first;
    return first + (count == 0 ? 0 : random.below(count));
}

} // namespace

std::optional<Habit> Habit::parse(std::string_view text) {
    const auto writes = take(text, "writes="), rate = take(text, "rate=");
    const auto per_second = rate ? number(*rate) : std::nullopt;
    if (!writes || !per_second || *per_second == 0)
        return {};
    if (*writes == "idle")
        return Habit{};
    if (*writes == "mixed")
        return Habit{.kind = Kind::mixed, .rate = *per_second};
    const auto percent = number(*writes);
    if (!percent || *percent == 0 || *percent > 100)
        return {};
    return Habit{.kind = Kind::share, .percent = *percent, .rate = *per_second};
}

std::uint64_t Habit::next(guest::Random& random, std::uint64_t pages) const {
    if (kind != Kind::mixed)
        return one_of(random, pages, 0, percent);
    const std::uint64_t which = random.below(100);
    return which < 80   ? one_of(random, pages, 0, 1)
           : which < 98 ? one_of(random, pages, 1, 10)
                        : one_of(random, pages, 10, 100);
}

} // namespace writer

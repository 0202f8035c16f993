// SPDX-License-Identifier: Apache-2.0
#include "link_rules.hpp"

#include "failure.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace transom::tool {
namespace {

using Unit = std::pair<std::string_view, double>;
constexpr std::array<Unit, 4> times = {{{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}}};
constexpr std::array<Unit, 4> rates = {{{"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}}};
constexpr std::array<Unit, 1> parts = {{{"%", 0.01}}};
constexpr double most = 1e15; // what is more is no time and no rate that a link has

class Words {
  public:
    explicit Words(std::string_view text) : left_(text) {}

    std::optional<std::string_view> peek() const {
        const auto begin = left_.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            return {};
        return left_.substr(begin, left_.find(' ', begin) - begin);
    }
    std::optional<std::string_view> next() {
        const auto word = peek();
        if (word)
            left_.remove_prefix(static_cast<std::size_t>(word->data() - left_.data()) + word->size());
        return word;
    }
    std::string_view value_of(std::string_view what, std::string_view form) {
        const auto word = next();
        if (!word)
            fail("--link {}: it takes {}", what, form);
        return *word;
    }

  private:
    std::string_view left_;
};

template <std::size_t n> std::optional<double> number(std::string_view word, const std::array<Unit, n>& units) {
    double value = 0;
    const char* const end = word.data() + word.size();
    const auto [stopped, error] = std::from_chars(word.data(), end, value, std::chars_format::fixed);
    if (error != std::errc{} || !(value >= 0))
        return {};
    for (const auto& [name, factor] : units)
        if (std::string_view(stopped, end) == name && value * factor <= most)
            return value * factor;
    return {};
}

class Parser {
  public:
    explicit Parser(std::string_view text) : words_(text) {}
    LinkRules parse() {
        while (const auto word = words_.next())
            rule(*word);
        if (rules_.reorder > 0 && rules_.delay.count() == 0)
            fail("--link reorder: frames that are not delayed have none to overtake: give a delay, too");
        if (rules_.jitter > rules_.delay)
            fail("--link delay: the second time is the most that it differs by, and is not more than the first");
        return rules_;
    }

  private:
    template <std::size_t n>
    double value(std::string_view what, const std::array<Unit, n>& units, std::string_view form) {
        const std::string_view word = words_.value_of(what, form);
        const auto value = number(word, units);
        if (!value)
            fail("--link {} {}: it takes {}", what, word, form);
        return *value;
    }
    double part(std::string_view what) {
        const double value = this->value(what, parts, "a percentage, as in 1.5%");
        if (value > 1)
            fail("--link {}: there are no more than 100% of all frames", what);
        return value;
    }
    LinkRules::Time time(std::string_view what) {
        return LinkRules::Time(static_cast<std::int64_t>(value(what, times, "a time, as in 5ms")));
    }
    std::uint64_t count(std::string_view what) {
        constexpr std::array<Unit, 1> none = {{{"", 1}}};
        return static_cast<std::uint64_t>(value(what, none, "a number"));
    }
    void cut() {
        LinkRules::Cut cut;
        cut.after = time("cut");
        if (words_.value_of("cut", "two times, as in 500ms for 3s") != "for")
            fail("--link cut: it takes two times, as in 500ms for 3s");
        cut.lasting = time("cut");
        rules_.cuts.push_back(cut);
    }
    void rule(std::string_view word) {
        if (word == "loss") {
            rules_.loss = part(word);
        } else if (word == "duplicate") {
            rules_.duplicate = part(word);
        } else if (word == "reorder") {
            rules_.reorder = part(word);
        } else if (word == "delay") {
            rules_.delay = time(word);
            if (const auto jitter = words_.peek(); jitter && number(*jitter, times))
                rules_.jitter = time(word);
        } else if (word == "rate") {
            rules_.bits_per_second = static_cast<std::uint64_t>(value(word, rates, "a rate, as in 100mbit"));
            if (rules_.bits_per_second == 0)
                fail("--link rate: nothing would pass: see cut");
        } else if (word == "limit") {
            rules_.limit = count(word);
        } else if (word == "cut") {
            cut();
        } else if (word == "seed") {
            rules_.seed = count(word);
        } else {
            fail("--link {}: there are loss, duplicate, reorder, delay, rate, limit, cut and seed", word);
        }
    }

    Words words_;
    LinkRules rules_;
};

} // namespace

LinkRules parse_link_rules(std::string_view text) { return Parser(text).parse(); }

} // namespace transom::tool

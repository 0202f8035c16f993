// SPDX-License-Identifier: Apache-2.0
#include "bench_run.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <set>

namespace transom::tool {
namespace {

std::string_view word(std::string_view& text) {
    const auto begin = std::min(text.find_first_not_of(" \t\r"), text.size());
    const auto end = std::min(text.find_first_of(" \t\r", begin), text.size());
    const auto found = text.substr(begin, end - begin);
    text.remove_prefix(end);
    return found;
}

/// The number behind `key` among words of the form key=number.
std::optional<std::uint64_t> number(std::string_view words, std::string_view key) {
    for (auto one = word(words); !one.empty(); one = word(words)) {
        if (!one.starts_with(key) || one.substr(key.size(), 1) != "=")
            continue;
        const char* const begin = one.data() + key.size() + 1;
        const char* const end = one.data() + one.size();
        std::uint64_t value = 0;
        const auto [last, error] = std::from_chars(begin, end, value);
        if (error == std::errc{} && last == end)
            return value;
    }
    return std::nullopt;
}

void take_call(std::string_view line, BenchRun& run) {
    auto rest = line;
    const auto name = word(rest);
    const auto count = number(rest, "count"), instructions = number(rest, "instructions"),
               ticks = number(rest, "ticks");
    if (name.empty() || count.value_or(0) == 0 || !instructions || !ticks)
        run.malformed.emplace_back(line);
    else
        run.measured.push_back({std::string(name), *count, *instructions, *ticks});
}

void take_line(std::string_view line, BenchRun& run) {
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    const auto take = [&](std::string_view prefix) {
        if (!line.starts_with(prefix))
            return false;
        line.remove_prefix(prefix.size());
        return true;
    };
    if (take("call ")) {
        take_call(line, run);
    } else if (take("skip ")) {
        run.skipped.emplace_back(line);
    } else if (take("# machine ")) {
        run.timebase_frequency = number(line, "frequency").value_or(0);
    } else if (take("# end ")) {
        run.ended = true;
        run.operations = number(line, "operations").value_or(0);
    } else if (take("Bail out!")) {
        run.bail_out = line.empty() ? "no reason given" : line.substr(1);
    }
}

} // namespace

const BenchRun::Measured* BenchRun::find(std::string_view name) const {
    const auto found = std::ranges::find(measured, name, &Measured::name);
    return found == measured.end() ? nullptr : &*found;
}

std::string BenchRun::problem() const {
    if (!bail_out.empty())
        return "the guest gave up: " + bail_out;
    if (!malformed.empty())
        return fmt::format("the guest printed a line that says nothing: call {}", malformed.front());
    if (!ended)
        return "the guest did not reach its end";
    if (timebase_frequency == 0)
        return "the guest did not say how fast its time base is";
    if (operations == 0 || operations != measured.size() + skipped.size())
        return fmt::format("the guest tried {} operations and reported {}", operations,
                           measured.size() + skipped.size());
    std::set<std::string_view> names;
    for (const auto& one : measured)
        if (!names.insert(one.name).second)
            return fmt::format("two operations are called '{}'", one.name);
    return {};
}

BenchRun parse_bench(std::string_view text) {
    BenchRun run;
    while (!text.empty()) {
        const auto end = text.find('\n');
        take_line(text.substr(0, end), run);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return run;
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "guest_progress.hpp"

#include "management_answer.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr std::string_view beginning = "writer: at=";
constexpr double least_seconds = 0.1;
/// By how much the host may see a phase begin too late: it asks now and then.
constexpr auto most_late = std::chrono::milliseconds(100);

std::optional<ProgressSample> parse_sample(std::string_view line) {
    const auto at = line.rfind(beginning);
    if (at == std::string_view::npos)
        return {};
    const Fields fields = Fields::parse(line.substr(at + beginning.find("at=")));
    const auto time = fields.number("at"), units = fields.number("units"), stores = fields.number("stores"),
               wrong = fields.number("wrong");
    if (!time || !units || !stores || !wrong)
        return {};
    return ProgressSample{*time, *units, *stores, *wrong, {}};
}

struct Sums {
    std::string phase;
    std::uint64_t ticks = 0, units = 0, stores = 0;
};

/// The phase that holds both moments. Null: they are in two, or too near to one's beginning.
const PhaseMark* phase_of(const std::vector<PhaseMark>& marks, Clock::time_point from, Clock::time_point to) {
    const PhaseMark* found = nullptr;
    for (std::size_t i = 0; i < marks.size(); ++i) {
        const bool last = i + 1 == marks.size();
        if (from >= marks[i].begin && (last || to + most_late < marks[i + 1].begin))
            found = &marks[i];
    }
    return found;
}

} // namespace

std::vector<ProgressSample> collect_progress(const TerminalPart& source, const TerminalPart& target) {
    const std::size_t source_length = source.text().size();
    std::string text(source.text());
    text += target.text();
    std::vector<ProgressSample> samples;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        auto sample = parse_sample(std::string_view(text).substr(begin, end - begin));
        if (!sample)
            continue;
        sample->arrival = end >= source_length ? target.arrival(end - source_length) : source.arrival(end);
        samples.push_back(*sample);
    }
    return samples;
}

std::vector<PhaseProgress> progress_by_phase(const std::vector<ProgressSample>& samples,
                                             const std::vector<PhaseMark>& marks, std::uint64_t frequency) {
    std::vector<Sums> all;
    for (std::size_t i = 1; i < samples.size(); ++i) {
        const ProgressSample &from = samples[i - 1], &to = samples[i];
        const PhaseMark* const mark = phase_of(marks, from.arrival, to.arrival);
        if (mark == nullptr || to.at <= from.at)
            continue;
        auto sums = std::ranges::find(all, mark->phase, &Sums::phase);
        if (sums == all.end())
            sums = all.insert(all.end(), Sums{.phase = mark->phase});
        sums->ticks += to.at - from.at;
        sums->units += to.units - from.units;
        sums->stores += to.stores - from.stores;
    }
    std::vector<PhaseProgress> phases;
    for (const Sums& sums : all) {
        const double seconds = static_cast<double>(sums.ticks) / static_cast<double>(frequency);
        if (seconds < least_seconds)
            continue;
        phases.push_back({.phase = sums.phase,
                          .seconds = seconds,
                          .units_per_second = static_cast<double>(sums.units) / seconds,
                          .stores_per_second = static_cast<double>(sums.stores) / seconds});
        const double before = phases.front().units_per_second;
        phases.back().slowdown = before > 0 ? 1 - phases.back().units_per_second / before : 0;
    }
    return phases;
}

nlohmann::ordered_json to_json(const std::vector<PhaseProgress>& phases) {
    auto list = nlohmann::ordered_json::array();
    for (const PhaseProgress& phase : phases)
        list.push_back({{"phase", phase.phase},
                        {"seconds", phase.seconds},
                        {"units_per_second", phase.units_per_second},
                        {"stores_per_second", phase.stores_per_second},
                        {"slowdown", phase.slowdown}});
    return list;
}

std::string to_text(const std::vector<PhaseProgress>& phases) {
    std::string text;
    for (const PhaseProgress& phase : phases) {
        const bool stores = phase.stores_per_second > 0;
        text += fmt::format("{}{} {:.0f} {}, {:+.0f} %", text.empty() ? "" : "; ", phase.phase,
                            stores ? phase.stores_per_second : phase.units_per_second, stores ? "stores/s" : "units/s",
                            -100 * phase.slowdown);
    }
    return text;
}

} // namespace transom::tool

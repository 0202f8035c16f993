// SPDX-License-Identifier: Apache-2.0
#include "work_progress.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

namespace transom::tool {
namespace {

struct Note {
    std::uint64_t at = 0, worker = 0, steps = 0; ///< at: hundredths of a second
};

std::optional<Note> parse_note(const std::string& line) {
    std::istringstream words(line);
    std::string first;
    std::uint64_t seconds = 0, hundredths = 0;
    char dot = 0;
    Note note;
    words >> first >> note.worker >> seconds >> dot >> hundredths >> note.steps;
    if (!words || first != "step" || dot != '.' || hundredths >= work_clock)
        return {};
    note.at = seconds * work_clock + hundredths;
    return note;
}

/// When it was so late in the partition, by the last tick before.
std::optional<Clock::time_point> arrival(std::uint64_t at, const std::vector<Tick>& ticks) {
    const auto time = std::chrono::nanoseconds(at * (1'000'000'000 / work_clock));
    const auto next = std::ranges::upper_bound(ticks, time.count(), {}, &Tick::boottime_ns);
    if (next == ticks.begin() || next == ticks.end())
        return {};
    const Tick& last = *(next - 1);
    return last.at + std::chrono::duration_cast<Clock::duration>(time - std::chrono::nanoseconds(last.boottime_ns));
}

} // namespace

std::vector<ProgressSample> work_samples(std::string_view notes, const std::vector<Tick>& ticks) {
    std::vector<Note> all;
    std::istringstream lines{std::string(notes)};
    for (std::string line; std::getline(lines, line);)
        if (const auto note = parse_note(line))
            all.push_back(*note);
    std::ranges::stable_sort(all, {}, &Note::at);
    std::vector<ProgressSample> samples;
    std::map<std::uint64_t, std::uint64_t> last; // steps by worker
    std::uint64_t units = 0;
    for (const Note& note : all) {
        const auto known = last.try_emplace(note.worker, note.steps).first;
        units += note.steps - known->second;
        known->second = note.steps;
        const auto when = arrival(note.at, ticks);
        if (!when)
            continue;
        if (!samples.empty() && samples.back().at == note.at)
            samples.back().units = units; // of two workers at once
        else
            samples.push_back({.at = note.at, .units = units, .stores = 0, .wrong = 0, .arrival = *when});
    }
    return samples;
}

} // namespace transom::tool

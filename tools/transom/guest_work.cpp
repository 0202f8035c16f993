// SPDX-License-Identifier: Apache-2.0
#include "guest_work.hpp"

#include "shell.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <numeric>
#include <sstream>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto between_looks = std::chrono::milliseconds(500);
constexpr std::uint64_t one_whole_round = 2; // the first to end may have begun before

// Each line is short enough for a terminal's input. A worker writes down how far it is in one rename, so nobody reads half of it.
constexpr std::array<std::string_view, 7> preparation = {
    "mkdir /sums; cd /sums",
    "file() { dd if=/dev/urandom of=r$1 bs=64k count=16 2>/dev/null; sha1sum <r$1 >s$1; echo work 0 0 >w$1; }",
    // How far it is, by the partition's clock, in no process of its own: each round has three steps (work_progress.hpp).
    "step() { k=$((k+1)); read u v </proc/uptime; echo step $1 $u $k >>l$1; }",
    "adds() { [ $(seq 1 3000 | cat | awk '{s+=$1} END {print s}') = 4501500 ]; }",
    "once() { cp r$1 g$1; step $1; cat g$1 | sha1sum | cmp -s - s$1 && step $1 && adds && step $1; }",
    "work() { k=0 n=0 w=0; until [ -e stop ]; do once $1 || w=$((w+1)); n=$((n+1)); "
    "echo work $n $w >t$1; mv t$1 w$1; done; touch end$1; }",
    "cd ..",
};

std::vector<std::uint64_t> numbers(std::istringstream& words) {
    std::vector<std::uint64_t> list;
    for (std::uint64_t number = 0; words >> number;)
        list.push_back(number);
    return list;
}

} // namespace

std::vector<std::string> WorkReport::complaints() const {
    std::vector<std::string> list;
    if (workers == 0)
        return list;
    if (wrong != 0)
        list.push_back(fmt::format("{} of {} rounds of work came out wrong", wrong, rounds));
    if (processors_known != processors_expected)
        list.push_back(fmt::format("/proc/cpuinfo has {} processors, not {}", processors_known, processors_expected));
    if (workers_that_went_on < workers)
        list.push_back(fmt::format("{} of {} workers went on", workers_that_went_on, workers));
    if (processors_that_ran < processors_expected)
        list.push_back(fmt::format("{} of {} processors ran after the move", processors_that_ran, processors_expected));
    return list;
}

WorkState WorkState::parse(std::string_view text) {
    WorkState state;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first;
        words >> first;
        const auto values = numbers(words);
        if (first == "work" && values.size() == 2) {
            state.workers.push_back({values[0], values[1]});
        } else if (first.starts_with("cpu") && values.size() >= 7) {
            // user nice system idle iowait irq softirq ...: all but the two of idleness
            constexpr std::size_t idle = 3, iowait = 4;
            std::uint64_t busy = 0;
            for (std::size_t i = 0; i < 7; ++i)
                busy += i == idle || i == iowait ? 0 : values[i];
            state.busy.push_back(busy);
        }
    }
    return state;
}

std::uint64_t WorkState::rounds() const {
    return std::accumulate(workers.begin(), workers.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Worker& worker) { return sum + worker.rounds; });
}

std::uint64_t WorkState::wrong() const {
    return std::accumulate(workers.begin(), workers.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Worker& worker) { return sum + worker.wrong; });
}

unsigned WorkState::workers_on_since(const WorkState& before) const {
    unsigned count = 0;
    for (std::size_t i = 0; i < std::min(workers.size(), before.workers.size()); ++i)
        count += workers[i].rounds >= before.workers[i].rounds + one_whole_round ? 1 : 0;
    return count;
}

unsigned WorkState::processors_on_since(const WorkState& before) const {
    unsigned count = 0;
    for (std::size_t i = 0; i < std::min(busy.size(), before.busy.size()); ++i)
        count += busy[i] > before.busy[i] ? 1 : 0;
    return count;
}

void GuestWork::start(Machine& machine, Clock::time_point until) const {
    Shell shell(machine);
    for (const std::string_view line : preparation)
        shell.run(line, until);
    // In a shell of their own: neither the terminal's interrupts nor this shell's notices are about them.
    shell.run(fmt::format("(cd /sums; for i in $(seq {}); do file $i; work $i & done)", workers_), until);
}

WorkState GuestWork::look(Machine& machine, Clock::time_point until) const {
    const std::string command =
        fmt::format("for i in $(seq {}); do cat /sums/w$i; done; grep '^cpu[0-9]' /proc/stat", workers_);
    // Again where the kernel said something in the middle of a line.
    for (unsigned tries = 3; tries != 0; --tries) {
        auto state = WorkState::parse(Shell(machine).run(command, until));
        if (state.workers.size() == workers_ && state.busy.size() >= workers_)
            return state;
    }
    machine.fail_with_console("the partition does not say how far its work is");
}

WorkReport GuestWork::check(Machine& machine, Clock::time_point until) const {
    const WorkState before = look(machine, until);
    WorkReport report;
    report.workers = report.processors_expected = workers_;
    const std::string known = Shell(machine).run("grep -c ^processor /proc/cpuinfo", until);
    std::from_chars(known.data(), known.data() + known.size(), report.processors_known);
    do {
        std::this_thread::sleep_for(between_looks);
        const WorkState now = look(machine, until);
        report.rounds = now.rounds();
        report.wrong = now.wrong();
        report.workers_that_went_on = now.workers_on_since(before);
        report.processors_that_ran = now.processors_on_since(before);
    } while (Clock::now() < until && (report.workers_that_went_on < workers_ || report.processors_that_ran < workers_));
    return report;
}

void GuestWork::stop(Machine& machine, WorkReport& report, Clock::time_point until) const {
    Shell shell(machine);
    shell.run("touch /sums/stop", until);
    while (shell.run("ls /sums/end* 2>/dev/null | wc -l", until) != std::to_string(workers_)) {
        if (Clock::now() >= until)
            machine.fail_with_console("the work in the partition does not end");
        std::this_thread::sleep_for(between_looks);
    }
    const WorkState last = look(machine, until);
    report.rounds = last.rounds();
    report.wrong = last.wrong();
}

} // namespace transom::tool

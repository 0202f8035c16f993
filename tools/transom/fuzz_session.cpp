// SPDX-License-Identifier: Apache-2.0
#include "fuzz_session.hpp"

#include "failure.hpp"
#include "progress.hpp"

namespace transom::tool {
namespace {

constexpr std::string_view done_word = "# done ", first_word = "# fuzz 1 ";
constexpr auto glance = std::chrono::milliseconds(20);
constexpr auto power_off_time = std::chrono::seconds(20);
constexpr std::size_t intervals_a_line = 4; // the guest takes 16 numbers, a terminal not many bytes at once

} // namespace

FuzzSession::FuzzSession(std::string name, const std::vector<std::string>& qemu_arguments, Clock::time_point until)
    : machine_(std::move(name), qemu_arguments), until_(until), started_(Clock::now()) {}

void FuzzSession::check() {
    if (const auto why = fuzz_bail_out(machine_.console().terminal_from(begin_)))
        machine_.fail_with_console(*why);
    machine_.check_running();
    if (Clock::now() >= until_)
        machine_.fail_with_console("the time is up");
}

std::string FuzzSession::table() {
    const auto text = machine_.console().terminal_from(0);
    const auto at = text.find("memory=");
    return at == std::string::npos ? "" : text.substr(at, text.find(" reference=", at) - at);
}

void FuzzSession::send(const std::string& line) {
    Console& console = machine_.console();
    if (begin_ == 0) {
        while (!console.wait_for(first_word, 0, Clock::now() + glance))
            check();
        while (!console.wait_for("reference=", 0, Clock::now() + glance))
            check();
    }
    begin_ = looked_at_ = console.mark();
    console.send(line + "\n");
}

void FuzzSession::command(const std::string& line) {
    send(line);
    while (!machine_.console().wait_for("# ok\n", begin_, Clock::now() + glance))
        check();
}

void FuzzSession::start(std::uint64_t first_seed, std::uint64_t count, std::uint64_t operations, std::uint64_t every) {
    send(fmt::format("many {} {} {} {}", first_seed, count, operations, every));
    runs_ = 0;
    wanted_ = count;
    started_ = Clock::now();
}

bool FuzzSession::poll() {
    Console& console = machine_.console();
    if (runs_ == wanted_)
        return true;
    const auto word = console.wait_for(done_word, looked_at_, Clock::now() + glance);
    const auto end = word ? console.wait_for("\n", *word, until_) : word;
    if (!end) {
        check();
        return false;
    }
    looked_at_ = *end;
    if (++runs_ < wanted_)
        return false;
    seconds_ = seconds_since(started_);
    return true;
}

std::vector<FuzzRun> FuzzSession::runs() { return parse_fuzz_runs(machine_.console().terminal_from(begin_)); }

void FuzzSession::start_only(std::uint64_t seed, const Operations& operations, Mode mode) {
    command("all");
    const auto intervals = to_intervals(operations);
    for (std::size_t i = 0; i < intervals.size();) {
        std::string line = "only";
        for (std::size_t n = 0; n < intervals_a_line && i < intervals.size(); ++n, ++i)
            line += fmt::format(" {} {}", intervals[i].begin, intervals[i].end);
        command(line);
    }
    start_one(seed, operations.empty() ? 0 : operations.back() + 1, mode);
}

void FuzzSession::start_first(std::uint64_t seed, std::uint64_t count, Mode mode) {
    command("all");
    start_one(seed, count, mode);
}

void FuzzSession::start_one(std::uint64_t seed, std::uint64_t count, Mode mode) {
    if (mode == Mode::whole)
        send(fmt::format("run {0} {1} {1} 1", seed, count));
    else
        send(fmt::format("{} {} {}", mode == Mode::show ? "show" : "quick", seed, count));
    runs_ = 0;
    wanted_ = 1;
}

FuzzRun FuzzSession::wait() {
    while (!poll()) {}
    auto all = runs();
    if (all.size() != 1)
        machine_.fail_with_console("it answered with something that is no run");
    return std::move(all.front());
}

void FuzzSession::set_defect(std::uint64_t seed, std::uint64_t operation) {
    command(fmt::format("defect {} {}", seed, operation));
}

void FuzzSession::power_off() {
    send("off");
    machine_.wait_for_power_off(Clock::now() + power_off_time);
}

} // namespace transom::tool

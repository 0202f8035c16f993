// SPDX-License-Identifier: Apache-2.0
#include "shell.hpp"

#include "failure.hpp"

namespace transom::tool {
namespace {
constexpr std::string_view prompt = "transom# "; // tests/guests/linux/profile
} // namespace

void Shell::wait_for_prompt(std::size_t from, Clock::time_point until) {
    // In slices, to notice a machine that has ended.
    while (!machine_.console().wait_for(prompt, from, std::min(until, Clock::now() + std::chrono::seconds(1)))) {
        machine_.check_running();
        if (Clock::now() >= until)
            machine_.fail_with_console("no shell prompt came");
    }
}

std::string Shell::run(std::string_view command, Clock::time_point until) {
    const unsigned number = ++commands_;
    // The quotes keep the echo of what is typed from looking like the marks that are printed.
    const std::string begin_mark = fmt::format("<{}>\n", number), end_mark = fmt::format("</{}>\n", number);
    const std::size_t from = machine_.console().mark();
    machine_.console().send(fmt::format("echo \\<{0}\\>;{1};echo \\</{0}\\>\r", number, command));
    const auto begin = machine_.console().wait_for(begin_mark, from, until);
    const auto end = begin ? machine_.console().wait_for(end_mark, *begin, until) : std::nullopt;
    if (!end) {
        machine_.check_running();
        machine_.fail_with_console(fmt::format("the shell did not answer '{}'", command));
    }
    wait_for_prompt(*end, until);
    std::string output = machine_.console().terminal_from(*begin).substr(0, *end - *begin - end_mark.size());
    while (output.ends_with('\n'))
        output.pop_back();
    return output;
}

std::size_t Shell::start(std::string_view command) {
    const std::size_t from = machine_.console().mark();
    machine_.console().send(fmt::format("{}\r", command));
    return from;
}

void Shell::interrupt(Clock::time_point until) {
    const std::size_t from = machine_.console().mark();
    machine_.console().send("\x03");
    wait_for_prompt(from, until);
}

} // namespace transom::tool

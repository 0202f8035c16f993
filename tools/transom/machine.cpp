// SPDX-License-Identifier: Apache-2.0
#include "machine.hpp"

#include "failure.hpp"

#include <algorithm>

namespace transom::tool {
namespace {
constexpr std::size_t shown_lines = 15;
} // namespace

std::string describe_end(const ChildProcess& process, int status) {
    const std::string last_words = last_line(process.error_text());
    return fmt::format("QEMU ended with status {}{}{}", status, last_words.empty() ? "" : ": ", last_words);
}

Machine::Machine(std::string name, const std::vector<std::string>& qemu_arguments)
    : name_(std::move(name)), started_(Clock::now()), process_(qemu_arguments, ChildProcess::Streams::piped),
      console_(std::make_unique<Console>(process_.output_fd(), process_.input_fd())) {}

void Machine::fail_with_console(std::string_view what) {
    std::string tail = console_->tail(shown_lines);
    std::erase(tail, '\r');
    fail("{}: {}{}{}", name_, what, tail.empty() ? "" : "; the end of its console:\n", tail);
}

void Machine::check_running() {
    if (const auto status = process_.wait(std::chrono::milliseconds(0)))
        fail_with_console(*status == 0 ? "it switched itself off too early" : describe_end(process_, *status));
}

void Machine::wait_for_power_off(Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const auto status = process_.wait(std::max(left, std::chrono::milliseconds(1)));
    if (!status)
        fail_with_console("it did not switch itself off");
    if (*status != 0)
        fail_with_console(describe_end(process_, *status));
}

} // namespace transom::tool

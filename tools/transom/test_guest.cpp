// SPDX-License-Identifier: Apache-2.0
#include "test_guest.hpp"

namespace transom::tool {
namespace {

constexpr auto power_off_time = std::chrono::seconds(20);
constexpr auto between_looks = std::chrono::milliseconds(200);
constexpr std::string_view last_word = "\n# end ";

} // namespace

std::string finish_test_guest(Machine& machine, Clock::duration limit,
                              const std::function<std::string(std::string_view)>& problem_of,
                              const std::function<void(std::string_view)>& meanwhile) {
    const auto until = Clock::now() + limit;
    Console& console = machine.console();
    std::optional<std::size_t> end;
    while (!(end = console.wait_for(last_word, 0, Clock::now() + between_looks))) {
        if (console.closed() || Clock::now() >= until)
            break;
        meanwhile(console.terminal_from(0));
    }
    if (end)
        console.wait_for("\n", *end, until); // the rest of that line
    if (const std::string problem = problem_of(console.terminal_from(0)); !problem.empty())
        machine.fail_with_console(problem);
    machine.wait_for_power_off(Clock::now() + power_off_time);
    return console.terminal_from(0);
}

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "input_lines.hpp"
#include "order.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unistd.h>

namespace transom::tool {
namespace {

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// Of these the machine has no more to say before they are done; the others are answered at once.
std::optional<std::chrono::milliseconds> limit_of(std::string_view request) {
    constexpr auto take_their_time = std::to_array<std::string_view>({"start", "stop", "reset", "remove", "recover"});
    if (std::ranges::find(take_their_time, request.substr(0, request.find(' '))) != take_their_time.end())
        return std::nullopt;
    return std::chrono::seconds(20);
}

/// What is more than lines either way has a command of its own.
void check_request(std::string_view request) {
    if (is_blank(request))
        fail("request: it is empty; write one of docs/manage.md, or - for those of standard input");
    for (const std::string_view verb : std::to_array<std::string_view>({"console", "define"}))
        if (request.substr(0, request.find(' ')) == verb)
            fail("request {}: more than a line follows it, see transom {}", verb, verb);
    if (request.find_first_of("\r\n") != std::string_view::npos)
        fail("request: it is one line; - takes several from standard input");
}

bool say(ManagementClient& machine, const std::string& where, std::string_view request) {
    check_request(request);
    try {
        return machine.relay(request, limit_of(request), [](std::string_view line) {
            fmt::print("{}\n", line);
            std::fflush(stdout);
        });
    } catch (const Failure& failure) {
        fail("{}: {}", where, failure.what());
    }
}

} // namespace

int request(const RequestOptions& options) {
    const bool one = options.request != "-";
    if (one)
        check_request(options.request); // before anybody is asked
    const std::string& where = options.common.management;
    ManagementClient machine = connect_for_orders(options.common);
    if (one)
        return say(machine, where, options.request) ? 0 : 1;
    int status = 0;
    InputLines lines(STDIN_FILENO);
    while (const auto line = lines.next())
        if (!is_blank(*line) && !say(machine, where, *line))
            status = 1;
    return status;
}

} // namespace transom::tool

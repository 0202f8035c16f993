// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "order.hpp"

#include <array>
#include <cstdio>
#include <iostream>

namespace transom::tool {
namespace {

/// What is more than lines either way has a command of its own.
void check_request(std::string_view request) {
    for (const std::string_view verb : std::to_array<std::string_view>({"console", "define"}))
        if (request.substr(0, request.find(' ')) == verb)
            fail("request {}: more than a line follows it, see transom {}", verb, verb);
    if (request.find_first_of("\r\n") != std::string_view::npos)
        fail("request: it is one line; - takes several from standard input");
}

bool say(ManagementClient& machine, std::string_view request) {
    check_request(request);
    return machine.relay(request, [](std::string_view line) {
        fmt::print("{}\n", line);
        std::fflush(stdout);
    });
}

} // namespace

int request(const RequestOptions& options) {
    const bool one = options.request != "-";
    if (one)
        check_request(options.request); // before anybody is asked
    ManagementClient machine = connect_for_orders(options.common);
    if (one)
        return say(machine, options.request) ? 0 : 1;
    int status = 0;
    for (std::string line; std::getline(std::cin, line);)
        if (line.find_first_not_of(" \t\r") != std::string::npos && !say(machine, line))
            status = 1;
    return status;
}

} // namespace transom::tool

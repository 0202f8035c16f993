// SPDX-License-Identifier: Apache-2.0
#include "attach.hpp"
#include "failure.hpp"
#include "interruption.hpp"
#include "json_file.hpp"
#include "order.hpp"

#include <algorithm>
#include <unistd.h>

namespace transom::tool {
namespace {

bool is_scrollback(std::string_view text) {
    return text == "no" || (!text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }));
}

} // namespace

int console(const ConsoleOptions& options) {
    constexpr char detach_letter = 'd';
    const JsonFile json(options.common.json);
    if (!is_scrollback(options.scrollback))
        fail("--scrollback {}: write a number of bytes, or no", options.scrollback);
    const std::string name = partition_word(options.common);
    ManagementClient machine = connect_for_orders(options.common);
    demand_good(machine.request(
        fmt::format("console partition={} terminal={} scrollback={}", name, options.terminal, options.scrollback)));
    if (isatty(STDIN_FILENO) != 0)
        fmt::print(stderr, "terminal {} of {}; Ctrl-A d detaches\n", options.terminal, name);
    fmt::print("{}", machine.received());
    std::fflush(stdout);
    ConsoleFilter log;
    bool detached = true;
    int status = 0;
    try {
        const ConsoleEnds ends{machine.socket(), machine.socket(), detach_letter};
        detached = attach(ends, std::nullopt, log) == AttachEnd::quit;
    } catch (const Interrupted& interrupted) { // which ends nothing but this command
        status = 128 + interrupted.signal;
    }
    if (detached)
        fmt::print(stderr, "\ndetached; {} goes on\n", name);
    else
        fmt::print(stderr, "\n{} is gone from this machine\n", name);
    json.write({{"result", "ok"},
                {"partition", name},
                {"terminal", options.terminal},
                {"ended_by", detached ? "user" : "partition"}});
    return status;
}

} // namespace transom::tool

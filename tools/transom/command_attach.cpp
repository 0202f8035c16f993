// SPDX-License-Identifier: Apache-2.0
#include "attach.hpp"
#include "console_end.hpp"
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

/// The machine closes it for several reasons, and can be asked.
ConsoleEnd why_closed(const OrderOptions& options) {
    try {
        return end_of_console(connect_for_orders(options).demand("status").rows(), options.partition);
    } catch (const Failure&) {
        return ConsoleEnd::connection;
    }
}

} // namespace

int console(const ConsoleOptions& options) {
    constexpr char detach_letter = 'd';
    const JsonFile json(options.common.json);
    if (!is_scrollback(options.scrollback))
        fail("--scrollback {}: write a number of bytes, or no", options.scrollback);
    const std::string name = partition_word(options.common.partition);
    ManagementClient machine = connect_for_orders(options.common);
    demand_good(machine.request(
        fmt::format("console partition={} terminal={} scrollback={}", name, options.terminal, options.scrollback)));
    if (isatty(STDIN_FILENO) != 0)
        fmt::print(stderr, "terminal {} of {}; Ctrl-A d detaches\n", options.terminal, name);
    fmt::print("{}", machine.received());
    std::fflush(stdout);
    ConsoleFilter log;
    auto end = ConsoleEnd::user;
    int status = 0;
    try {
        SecureLine line(machine.channel());
        const AttachEnd how = attach(line, detach_letter, std::nullopt, log);
        if (how != AttachEnd::quit)
            end = how == AttachEnd::broken ? ConsoleEnd::connection : why_closed(options.common);
    } catch (const Interrupted& interrupted) { // which ends nothing but this command
        status = 128 + interrupted.signal;
    }
    fmt::print(stderr, "\n{}\n", describe(end, name, options.terminal));
    const bool lost = end == ConsoleEnd::connection;
    json.write({{"result", lost ? "error" : "ok"},
                {"partition", name},
                {"terminal", options.terminal},
                {"ended_by", transom::tool::name(end)}});
    return lost ? 1 : status;
}

} // namespace transom::tool

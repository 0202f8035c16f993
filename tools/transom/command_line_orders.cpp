// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <array>
#include <string_view>
#include <tuple>
#include <utility>

namespace transom::tool {

void CommandLine::add_orders() {
    auto* command = app.add_subcommand("define", "tell a machine of partitions that can be started there");
    command->add_option("--manifest", define.manifest, "the partitions (docs/manifest.md)")->required();
    add_order_options(*command, define.common);
    command->callback([this] { status = tool::define(define); });

    const std::array<std::pair<const char*, const char*>, 4> orders = {{
        {"start", "start a partition from its definition"},
        {"stop", "end a partition at once; its definition stays"},
        {"reset", "end a partition at once and start it anew"},
        {"remove", "forget the definition of a partition that does not run"},
    }};
    for (const auto& [verb, what] : orders) {
        command = app.add_subcommand(verb, what);
        add_partition(*command, order);
        add_order_options(*command, order);
        const std::string_view name = verb;
        if (name == "start")
            command->add_flag("--force", order.force, "though it has moved to another machine");
        if (name == "stop")
            command->add_flag("--force", order.force, "though it cannot be started here again");
        command->callback([this, name] { status = tool::order(name, order); });
    }

    using Command = int (*)(const OrderOptions&);
    const std::array<std::tuple<const char*, const char*, Command>, 5> of_machines = {{
        {"list", "the partitions and definitions of a machine", tool::list},
        {"status", "what a machine is, what it has left, and how its move goes on", tool::status},
        {"migration", "how the move of a machine goes on, or how the last one ended", tool::migration},
        {"cancel", "end the move of a machine; the partition goes on where it was", tool::cancel},
        {"shutdown", "power a machine off, with whatever runs on it", tool::shut_down},
    }};
    for (const auto& [name, what, run_it] : of_machines) {
        command = app.add_subcommand(name, what);
        add_order_options(*command, order);
        command->callback([this, run_it] { status = run_it(order); });
    }

    command = app.add_subcommand("request", "say a request of the management protocol and print the answer");
    command->add_option("request", request.request, "a line (docs/manage.md); -: each of standard input")->required();
    add_order_options(*command, request.common);
    command->callback([this] { status = tool::request(request); });

    command = app.add_subcommand("console", "attach to a terminal of a partition");
    add_partition(*command, console.common);
    command->add_option("--terminal", console.terminal, "which one, counted from 0")->capture_default_str();
    command->add_option("--scrollback", console.scrollback, "show so many bytes of what was written before, or no")
        ->capture_default_str();
    add_order_options(*command, console.common);
    command->callback([this] { status = tool::console(console); });
}

} // namespace transom::tool

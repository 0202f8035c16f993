// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

namespace transom::tool {

void CommandLine::add_move() {
    auto* const command = app.add_subcommand("move", "move a partition of a machine that runs to another one");
    add_partition(*command, move.common);
    command->add_option("--to", move.to, "address of the other machine on the link, like 10.77.0.2")->required();
    command->add_option("--port", move.port, "of its migration service; 7701 if left out");
    command->add_option("--mode", move.mode, "pre-copy, hybrid (the default), post-copy or stop-and-copy");
    command->add_option("--order", move.order, "of pages: state (the default) or address");
    command->add_option("--connections", move.connections, "at once, at most, 1 to 8");
    command->add_option("--downtime-limit", move.downtime_ms,
                        "milliseconds that it may stand still for its last pages; 300 if left out");
    command->add_option("--bandwidth", move.bandwidth_mb, "megabytes a second that the stream may have");
    command->add_flag("--compat", move.compat, "a processor of the same architected generation suffices");
    command->add_flag("--check", move.check, "find out whether it could move, and no more");
    add_order_options(*command, move.common);
    command->callback([this] { status = tool::move(move); });
}

void CommandLine::add_recover() {
    auto* const command =
        app.add_subcommand("recover", "ask at once who has a partition whose move has ended in doubt");
    add_partition(*command, recover.common);
    command->add_option("--owner", recover.owner, "do not ask, and decide: here, or peer (it is scrubbed here)")
        ->check(CLI::IsMember({"here", "peer"}));
    command
        ->add_option("--force", recover.force,
                     "peer-dead: you assert that the machine that it moved to is dead for good; see --owner")
        ->check(CLI::IsMember({"peer-dead"}));
    add_order_options(*command, recover.common);
    command->callback([this] { status = tool::recover(recover); });
}

} // namespace transom::tool

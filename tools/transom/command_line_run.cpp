// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

namespace transom::tool {

void CommandLine::add_run() {
    auto* const command =
        app.add_subcommand("run", "boot one machine with its console attached; ends when it powers off");
    command->add_option("--manifest", run.manifest, "partitions of the machine (docs/manifest.md); Debian if left out");
    command->add_flag("--report", run.report, "boot Linux here and on QEMU's own pseries machine, and compare");
    command->add_option("--management-port", run.management_port, "TCP port of 127.0.0.1; any free one if left out");
    command->add_option("--number", run.number, "which machine it is on its link: 10.77.0.NUMBER, 1 to 9")
        ->capture_default_str();
    auto* const listens = command->add_option("--link-listen", run.link_listen,
                                              "unix socket for the link to another machine, which comes second");
    command->add_option("--link-connect", run.link_connect, "unix socket that the other machine of the link has made")
        ->excludes(listens);
    command->add_option("--key", run.key, "this machine's key, from transom key make");
    command
        ->add_option("--peer-key", run.peer_keys,
                     "key of a machine that partitions may come from and go to; may be given repeatedly")
        ->allow_extra_args(false);
    command
        ->add_option("--operator-key", run.operator_keys,
                     "key of an operator who may give orders; may be given repeatedly. Without it, who has started it")
        ->allow_extra_args(false);
    add_machine_options(*command, run.common, partition_machine_names() + "; or pseries, without partitions");
    command->callback([this] { status = tool::run(run); });
}

} // namespace transom::tool

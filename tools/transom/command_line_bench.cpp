// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

namespace transom::tool {

void CommandLine::add_bench() {
    auto* const bench = app.add_subcommand("bench", "measure the hypervisor");
    bench->require_subcommand(1);
    auto* command = bench->add_subcommand("hcall", "what a partition's hypervisor calls cost, in instructions");
    command->add_option("--peer", bench_hcall.peer, "kvm: measure Linux's KVM-HV on the same machine, too");
    add_machine_options(*command, bench_hcall.common, partition_machine_names());
    command->callback([this] { status = tool::bench_hcall(bench_hcall); });

    command = bench->add_subcommand("migrate", "moves by either order of pages, standing still, and QEMU's own");
    command->add_flag("--quick", bench_migrate.quick,
                      "one partition that stores to hot, warm and cold pages, in both orders");
    command->add_option("--guest", bench_migrate.guest, "only linux, or only writer; both if left out")
        ->check(CLI::IsMember({"linux", "writer"}));
    command->add_option("--rounds", bench_migrate.rounds, "moves of each")->capture_default_str();
    command->add_option("--guest-memory", bench_migrate.guest_memory, "of the partitions: 256M,2G if left out")
        ->delimiter(',');
    command->add_option("--write-rate", bench_migrate.write_rate,
                        "stores of the guest writer in a second; 400 for each 256 MiB by default, 1000 with --quick");
    command->add_option("--charts", bench_migrate.charts, "draw charts, SVG files in this directory; gnuplot");
    add_machine_options(*command, bench_migrate.common, partition_machine_names());
    command->callback([this] { status = tool::bench_migrate(bench_migrate); });

    command = bench->add_subcommand("affinity", "plans of where partitions lie: time, and quality beside the optimum");
    command->add_option("--systems", bench_affinity.systems, "how many are compared with the optimum")
        ->capture_default_str();
    command->add_option("--seed", bench_affinity.seed, "of the first of them")->capture_default_str();
    command
        ->add_option("--chips", bench_affinity.chips,
                     "of machines on which a partition is moved among them while it works")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--moves", bench_affinity.moves, "of that partition")->capture_default_str();
    command->add_flag("--only-plans", bench_affinity.only_plans, "start no machine");
    command->add_option("--machine", bench_affinity.common.machine, partition_machine_names())->capture_default_str();
    command->add_option("--qemu", bench_affinity.common.qemu, "the QEMU to use, 7.2 or newer")->capture_default_str();
    command->add_option("--timeout", bench_affinity.common.timeout_s, "give up after so many seconds with machines");
    command->add_option("--json", bench_affinity.common.json, "write the figures to this file, too");
    command->callback([this] { status = tool::bench_affinity(bench_affinity); });
}

} // namespace transom::tool

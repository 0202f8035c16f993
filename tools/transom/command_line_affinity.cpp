// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <array>
#include <tuple>

namespace transom::tool {

void CommandLine::add_affinity() {
    auto* const group = app.add_subcommand(
        "affinity", "how partitions lie on the nodes of their machine, and their way to better places");
    group->require_subcommand(1);
    auto* command = group->add_subcommand("score", "the nodes of a machine, and the scores of its partitions");
    add_order_options(*command, order);
    command->callback([this] { status = tool::affinity_score(order); });

    command = group->add_subcommand(
        "potential",
        "what each partition could have if a reallocation were made for it, and what speaks against it; nothing moves");
    add_order_options(*command, order);
    command->callback([this] { status = tool::affinity_potential(order); });

    const std::array<std::tuple<const char*, const char*, bool>, 2> to_reallocate = {{
        {"plan", "what a reallocation would gain and cost; nothing moves", true},
        {"apply", "move partitions to better places while they run", false},
    }};
    for (const auto& [name, what, only_plan] : to_reallocate) {
        command = group->add_subcommand(name, what);
        command->add_option("partition", reallocate.requested,
                            "for which it is made, one or several; for all if left out");
        command
            ->add_option("--protect", reallocate.protects,
                         "a partition that stays where it is; may be given repeatedly")
            ->allow_extra_args(false);
        command->add_flag("--if-worth", reallocate.if_worth, "only for a gain that is worth its cost");
        command
            ->add_option("--affinity-threshold", reallocate.threshold,
                         "not above this score, 0 to 100; as --if-worth, as are the next two")
            ->check(CLI::Range(0u, 100u));
        command->add_option("--affinity-delta", reallocate.delta, "only for so many points, whatever they cost")
            ->check(CLI::Range(0u, 100u));
        command->add_option("--cooldown", reallocate.cooldown_s,
                            "nobody so many seconds after he has been moved; 600 where it has to be worth it");
        if (!only_plan) {
            command->add_option("--to-node", reallocate.to_node,
                                "all of the partition onto this node, whatever it gains");
            command
                ->add_option("--bandwidth", reallocate.bandwidth_mb,
                             "megabytes of memory that may be copied in a second")
                ->check(CLI::Range(1u, 100'000u));
        }
        add_order_options(*command, reallocate.common);
        command->callback([this, plan = only_plan] {
            reallocate.only_plan = plan;
            status = tool::reallocate(reallocate);
        });
    }

    command = group->add_subcommand("stop", "end the reallocation that is under way; what has moved stays where it is");
    add_order_options(*command, order);
    command->callback([this] { status = tool::affinity_stop(order); });
    command =
        group->add_subcommand("watch", "how the reallocation that is under way goes on, or how the last one ended");
    add_order_options(*command, order);
    command->callback([this] { status = tool::affinity_watch(order); });
}

} // namespace transom::tool

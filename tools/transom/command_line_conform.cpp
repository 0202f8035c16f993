// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"
#include "failure.hpp"

namespace transom::tool {

void CommandLine::add_conform() {
    conform.differences = TRANSOM_SOURCE_DIR "/tests/guests/conform/differences.json";
    conform.coverage = TRANSOM_SOURCE_DIR "/tests/guests/conform/coverage.json";
    auto* const command = app.add_subcommand("conform", "compare with QEMU's pseries what a partition's calls do");
    command->add_option("--on", conform.on, "transom, pseries or both")->capture_default_str();
    command->add_option("--differences", conform.differences, "known differences");
    command->add_option("--coverage", conform.coverage, "kinds of cases that a call cannot have");
    command->add_flag("--long", conform.takes_its_time, "let the cases with several processors take their time");
    command->add_option("--tap", conform.tap, "write all results to this file, as TAP version 14");
    command
        ->add_option("--machine", conform.machines,
                     partition_machine_names() + " or all (default powernv9); may be given repeatedly")
        ->allow_extra_args(false);
    conform.common.processors = 2;
    add_other_machine_options(*command, conform.common);
    conform_command = command;
    auto* with_fuzz = command->add_flag("--fuzz", fuzzing, "random page-table calls and accesses instead of the cases");
    command->add_option("--seeds", fuzz.seeds, "how many sequences")->needs(with_fuzz)->capture_default_str();
    command->add_option("--ops", fuzz.operations, "operations of each")->needs(with_fuzz)->capture_default_str();
    command->add_option("--first-seed", fuzz.first_seed, "the first of them")->needs(with_fuzz)->capture_default_str();
    command
        ->add_option("--test-defect", defect,
                     "SEED OPERATION: Transom's first H_REMOVE after it answers wrongly: must be noticed and found")
        ->needs(with_fuzz)
        ->expected(2);
    command->callback([this] { status = fuzzing ? run_fuzz() : tool::conform(conform); });
}

int CommandLine::run_fuzz() {
    fuzz.common = conform.common;
    if (conform_command->count("--processors") == 0)
        fuzz.common.processors = MachineOptions{}.processors; // its guest has one
    const auto machines = machines_of(conform);
    if (machines.size() != 1)
        fail("conform --fuzz takes one machine");
    fuzz.common.machine = machines.front();
    fuzz.on = conform.on;
    if (!defect.empty())
        fuzz.defect = {defect[0], defect[1]};
    return tool::fuzz(fuzz);
}

} // namespace transom::tool

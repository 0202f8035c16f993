// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"
#include "usage_error.hpp"

#include <fmt/format.h>

namespace transom::tool {

namespace {

/// One line about the words that neither `command` nor those below it took; empty if there are none.
std::string unexpected_words(const CLI::App& command, const std::string& name) {
    if (command.remaining_size() > 0)
        return describe_unexpected(name, command.remaining(), command.get_require_subcommand_min() > 0);
    for (const CLI::App* below : command.get_subcommands())
        if (auto text = unexpected_words(*below, name.empty() ? below->get_name() : name + ' ' + below->get_name());
            !text.empty())
            return text;
    return "";
}

/// What CLI11 complains about may only follow from a word that it did not understand, so such a word goes first.
std::string usage_error(const CLI::App* app, const CLI::Error& error) {
    const std::string words = unexpected_words(*app, "");
    return words.empty() ? fmt::format("transom: {} (transom --help says more)\n", error.what())
                         : fmt::format("transom: {}\n", words);
}

} // namespace

void add_other_machine_options(CLI::App& command, MachineOptions& options) {
    command.add_option("--qemu", options.qemu, "the QEMU to use, 7.2 or newer")->capture_default_str();
    command.add_option("--memory", options.memory, "memory of each machine")->capture_default_str();
    command.add_option("--processors", options.processors, "processors of each machine")->capture_default_str();
    command.add_option("--chips", options.chips, "chips of each machine, each with its part of processors and memory")
        ->capture_default_str();
    command.add_option("--image", options.image, "the hypervisor (build/power/transom.elf, transom.bin for pseries)");
    command.add_option("--json", options.json, "write the report to this file, too");
    command.add_option("--timeout", options.timeout_s, "give up after this many seconds")
        ->check([](const std::string& text) {
            double seconds = 0;
            return CLI::detail::lexical_cast(text, seconds) && seconds >= 0 ? "" : text + " is no number of seconds";
        });
}

void add_machine_options(CLI::App& command, MachineOptions& options, const std::string& machines) {
    command.add_option("--machine", options.machine, machines)->capture_default_str();
    add_other_machine_options(command, options);
}

void add_order_options(CLI::App& command, OrderOptions& options) {
    command.add_option("--management", options.management, "HOST:PORT of the machine's management service")->required();
    command.add_option("--key", options.key, "the operator's key, from transom key make; see --machine-key");
    command.add_option("--machine-key", options.machine_key,
                       "the .pub of the machine's key; without both, what transom run has kept for this user");
    command.add_option("--json", options.json, "write the report to this file, too");
}

void add_partition(CLI::App& command, OrderOptions& options) {
    command.add_option("partition", options.partition, "name of the partition")->required();
}

CommandLine::CommandLine() {
    app.require_subcommand(1);
    app.set_version_flag("--version", TRANSOM_VERSION);
    app.failure_message(usage_error);
    add_run();
    add_migrate();
    add_conform();
    add_orders();
    add_move();
    add_recover();
    add_affinity();
    add_keys();
    add_bench();
    add_stream();
}

} // namespace transom::tool

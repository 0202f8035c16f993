// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <charconv>
#include <fmt/format.h>
#include <string_view>

namespace transom::tool {

namespace {

/// "1/4".
std::pair<unsigned, unsigned> fraction(std::string_view text) {
    std::pair<unsigned, unsigned> numbers{0, 0};
    const char* const end = text.data() + text.size();
    const auto [slash, first] = std::from_chars(text.data(), end, numbers.first);
    if (first != std::errc{} || slash == end || *slash != '/')
        return {0, 0};
    const auto [rest, second] = std::from_chars(slash + 1, end, numbers.second);
    return second == std::errc{} && rest == end ? numbers : std::pair{0u, 0u};
}

std::string is_fraction(const std::string& text) {
    return fraction(text).second != 0 ? "" : fmt::format("{} is no part, like 1/4", text);
}

} // namespace

void CommandLine::add_migrate() {
    auto* const command =
        app.add_subcommand("migrate", "boot two machines and move a running partition from one to the other");
    command->add_option("--guest", migrate.guest, "what moves: linux, spin, small, storing or writer")
        ->capture_default_str();
    command->add_option("--virtual-processors,--smp", migrate.virtual_processors,
                        "of the partition; a Linux with several works while it moves, and its sums are checked");
    command->add_option("--page-table", migrate.page_table_mib, "MiB of the partition's page table; as for its memory");
    command->add_option("--guest-memory", migrate.guest_memory, "of the partition, like 512M or 1G; as in its example");
    command->add_option("--writes", migrate.writes,
                        "what the guest writer stores to: idle, 10, 50 or 90 per cent of its memory, or mixed (the "
                        "default): 1 % gets 80 % of the stores, 9 % gets 18 %, the rest 2 %");
    command->add_option("--write-rate", migrate.write_rate, "stores of the guest writer in a second, 400 by default");
    command->add_option("--rounds", migrate.rounds, "how often it moves: to the other machine, back, and so on")
        ->capture_default_str();
    command->add_option("--target-qemu", migrate.target_qemu, "the QEMU of machine B; that of A if left out");
    command
        ->add_option(
            "--mode", migrate.modes,
            "hybrid: it runs while its memory is copied, and what that does not come to an end with is "
            "copied when it runs at the target; pre-copy: then it stays; post-copy: all is copied when it "
            "runs at the target; stop-and-copy: it stands still meanwhile. Several, with commas, are for one move "
            "after the other; if left out every second move is post-copy, the others are hybrid")
        ->delimiter(',')
        ->check(CLI::IsMember({"pre-copy", "hybrid", "post-copy", "stop-and-copy"}));
    command
        ->add_option(
            "--order", migrate.order,
            "of pages while it runs: state, what is not stored to and seldom altered first; address, upwards and "
            "whoever stores to them, to compare with")
        ->check(CLI::IsMember({"state", "address"}))
        ->capture_default_str();
    command
        ->add_option("--connections", migrate.connections,
                     "of a move: one for everything, and up to 7 that carry pages beside it")
        ->check(CLI::Range(1u, 8u))
        ->capture_default_str();
    command->add_flag("--check", migrate.check, "find out whether it could move, and leave it where it is");
    command
        ->add_option("--downtime-limit", migrate.downtime_ms,
                     "milliseconds that it may stand still for the last of its pages, 300 by default")
        ->check(CLI::Range(0u, 5'000u));
    command
        ->add_option("--bandwidth", migrate.bandwidth_mb,
                     "megabytes of the stream in a second while it runs; as many as there can be by default")
        ->check(CLI::Range(1u, 100'000u));
    command->add_flag("--compat", migrate.compat,
                      "a processor of the same generation suffices, whatever its version register says");
    command->add_flag("--test-resize", migrate.resize,
                      "before each move let Linux ask for page tables of other sizes while it works");
    command->add_flag("--test-hotplug", migrate.hotplug,
                      "let Linux take its second virtual processor off and on all the time");
    command->add_flag("--test-reboot", migrate.reboot, "let Linux reboot at the target after each move");
    command->add_flag("--test-cancel", migrate.cancel_first,
                      "cancel each move once while its memory is copied, and look how the page tables come together");
    command->add_option("--test-corrupt-page", migrate.corrupt_page, "damage this page on its way: must be noticed");
    command
        ->add_option(
            "--faults", migrate.faults,
            "move it again and again with a fault each time, and look who has it: some (of each type of record, "
            "in each phase, the first, the middle and the last), all (each of them; records that stay too long, "
            "and machines that are killed), or kill (of all only the last two)")
        ->check(CLI::IsMember({"some", "all", "kill"}));
    command
        ->add_option_function<std::string>(
            "--part", [this](const std::string& text) { migrate.fault_part = fraction(text); },
            "of the moves of --faults every so many, as in 1/4: four parts are all of them")
        ->check(CLI::Validator(is_fraction, "N/OF"));
    command->add_flag(
        "--count-instructions", migrate.count_instructions,
        "of the page-table calls of the guest storing, while its page tables are put together and after; QEMU 10");
    command->add_flag("--test-forget-store", migrate.forget_store,
                      "let the guest storing forget a store of its own: must be noticed");
    command->add_option("--consoles", migrate.consoles,
                        "keep what both consoles said in this directory, as A.console and B.console");
    command->add_option("--capture", migrate.capture, "write all that goes over the link to this file (libpcap)");
    command->add_option("--link", migrate.link,
                        "what the link does to frames, in the words of tc-netem: any of loss 1%, duplicate 1%, "
                        "reorder 5%, delay 5ms [1ms], rate 100mbit, limit 1000, seed 1; and cut 500ms for 3s, "
                        "after each move has been asked for");
    command
        ->add_option("--test-stranger", migrate.stranger,
                     "source or target: the other machine does not know its key: must be refused")
        ->check(CLI::IsMember({"source", "target"}));
    add_machine_options(*command, migrate.common, partition_machine_names());
    command->callback([this] { status = tool::migrate(migrate); });
}

} // namespace transom::tool

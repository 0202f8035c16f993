// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "failure.hpp"
#include "interruption.hpp"
#include "json_file.hpp"
#include "usage_error.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <tuple>

namespace {

using namespace transom::tool;

constexpr int exit_failure = 1, exit_usage = 2;

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

struct CommandLine {
    CLI::App app{"Boots, moves and checks partitions on Transom, on machines emulated by QEMU"};
    RunOptions run;
    MigrateOptions migrate;
    ConformOptions conform;
    BenchHcallOptions bench_hcall;
    BenchMigrateOptions bench_migrate;
    BenchAffinityOptions bench_affinity;
    FuzzOptions fuzz;
    CLI::App* conform_command = nullptr;
    DefineOptions define;
    OrderOptions order;
    MoveOptions move;
    RecoverOptions recover;
    ReallocateOptions reallocate;
    RequestOptions request;
    ConsoleOptions console;
    KeyOptions key;
    StreamDumpOptions stream;
    bool fuzzing = false;
    std::vector<std::uint64_t> defect; ///< seed and operation
    int status = 0;

    CommandLine() {
        app.require_subcommand(1);
        app.set_version_flag("--version", TRANSOM_VERSION);
        app.failure_message(usage_error);
        conform.differences = TRANSOM_SOURCE_DIR "/tests/guests/conform/differences.json";
        conform.coverage = TRANSOM_SOURCE_DIR "/tests/guests/conform/coverage.json";

        auto* command =
            app.add_subcommand("run", "boot one machine with its console attached; ends when it powers off");
        command->add_option("--manifest", run.manifest,
                            "partitions of the machine (docs/manifest.md); Debian if left out");
        command->add_flag("--report", run.report, "boot Linux here and on QEMU's own pseries machine, and compare");
        command->add_option("--management-port", run.management_port,
                            "TCP port of 127.0.0.1; any free one if left out");
        command->add_option("--number", run.number, "which machine it is on its link: 10.77.0.NUMBER, 1 to 9")
            ->capture_default_str();
        auto* const listens = command->add_option("--link-listen", run.link_listen,
                                                  "unix socket for the link to another machine, which comes second");
        command
            ->add_option("--link-connect", run.link_connect, "unix socket that the other machine of the link has made")
            ->excludes(listens);
        command->add_option("--key", run.key, "this machine's key, from transom key make");
        command
            ->add_option("--peer-key", run.peer_keys,
                         "key of a machine that partitions may come from and go to; may be given repeatedly")
            ->allow_extra_args(false);
        command
            ->add_option(
                "--operator-key", run.operator_keys,
                "key of an operator who may give orders; may be given repeatedly. Without it, who has started it")
            ->allow_extra_args(false);
        add_machine_options(*command, run.common, partition_machine_names() + "; or pseries, without partitions");
        command->callback([this] { status = transom::tool::run(run); });

        command = app.add_subcommand("migrate", "boot two machines and move a running partition from one to the other");
        command->add_option("--guest", migrate.guest, "what moves: linux, spin, small, storing or writer")
            ->capture_default_str();
        command->add_option("--virtual-processors,--smp", migrate.virtual_processors,
                            "of the partition; a Linux with several works while it moves, and its sums are checked");
        command->add_option("--page-table", migrate.page_table_mib,
                            "MiB of the partition's page table; as for its memory");
        command->add_option("--guest-memory", migrate.guest_memory,
                            "of the partition, like 512M or 1G; as in its example");
        command->add_option("--writes", migrate.writes,
                            "what the guest writer stores to: idle, 10, 50 or 90 per cent of its memory, or mixed (the "
                            "default): 1 % gets 80 % of the stores, 9 % gets 18 %, the rest 2 %");
        command->add_option("--write-rate", migrate.write_rate,
                            "stores of the guest writer in a second, 400 by default");
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
        command->add_flag(
            "--test-cancel", migrate.cancel_first,
            "cancel each move once while its memory is copied, and look how the page tables come together");
        command->add_option("--test-corrupt-page", migrate.corrupt_page,
                            "damage this page on its way: must be noticed");
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
        command->callback([this] { status = transom::tool::migrate(migrate); });

        command = app.add_subcommand("conform", "compare with QEMU's pseries what a partition's calls do");
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
        auto* with_fuzz =
            command->add_flag("--fuzz", fuzzing, "random page-table calls and accesses instead of the cases");
        command->add_option("--seeds", fuzz.seeds, "how many sequences")->needs(with_fuzz)->capture_default_str();
        command->add_option("--ops", fuzz.operations, "operations of each")->needs(with_fuzz)->capture_default_str();
        command->add_option("--first-seed", fuzz.first_seed, "the first of them")
            ->needs(with_fuzz)
            ->capture_default_str();
        command
            ->add_option("--test-defect", defect,
                         "SEED OPERATION: Transom's first H_REMOVE after it answers wrongly: must be noticed and found")
            ->needs(with_fuzz)
            ->expected(2);
        command->callback([this] { status = fuzzing ? run_fuzz() : transom::tool::conform(conform); });

        add_orders();

        auto* const bench = app.add_subcommand("bench", "measure the hypervisor");
        bench->require_subcommand(1);
        command = bench->add_subcommand("hcall", "what a partition's hypervisor calls cost, in instructions");
        command->add_option("--peer", bench_hcall.peer, "kvm: measure Linux's KVM-HV on the same machine, too");
        add_machine_options(*command, bench_hcall.common, partition_machine_names());
        command->callback([this] { status = transom::tool::bench_hcall(bench_hcall); });

        command = bench->add_subcommand("migrate", "moves by either order of pages, standing still, and QEMU's own");
        command->add_flag("--quick", bench_migrate.quick,
                          "one partition that stores to hot, warm and cold pages, in both orders");
        command->add_option("--guest", bench_migrate.guest, "only linux, or only writer; both if left out")
            ->check(CLI::IsMember({"linux", "writer"}));
        command->add_option("--rounds", bench_migrate.rounds, "moves of each")->capture_default_str();
        command->add_option("--guest-memory", bench_migrate.guest_memory, "of the partitions: 256M,2G if left out")
            ->delimiter(',');
        command->add_option(
            "--write-rate", bench_migrate.write_rate,
            "stores of the guest writer in a second; 400 for each 256 MiB by default, 1000 with --quick");
        command->add_option("--charts", bench_migrate.charts, "draw charts, SVG files in this directory; gnuplot");
        add_machine_options(*command, bench_migrate.common, partition_machine_names());
        command->callback([this] { status = transom::tool::bench_migrate(bench_migrate); });

        command =
            bench->add_subcommand("affinity", "plans of where partitions lie: time, and quality beside the optimum");
        command->add_option("--systems", bench_affinity.systems, "how many are compared with the optimum")
            ->capture_default_str();
        command->add_option("--seed", bench_affinity.seed, "of the first of them")->capture_default_str();
        command->add_option("--json", bench_affinity.json, "write the figures to this file, too");
        command->callback([this] { status = transom::tool::bench_affinity(bench_affinity); });

        auto* const of_stream = app.add_subcommand("stream", "look at a migration stream");
        of_stream->require_subcommand(1);
        command = of_stream->add_subcommand("dump", "what is in it, record by record");
        command->add_option("file", stream.file, "one direction of it; - is standard input")->required();
        command->add_flag("--all", stream.all, "each granule and each page table entry by itself");
        command->add_option("--json", stream.json, "write the dump to this file, too");
        command->callback([this] { status = transom::tool::stream_dump(stream); });
    }

    /// What is said to a machine that runs.
    void add_orders() {
        auto* command = app.add_subcommand("define", "tell a machine of partitions that can be started there");
        command->add_option("--manifest", define.manifest, "the partitions (docs/manifest.md)")->required();
        add_order_options(*command, define.common);
        command->callback([this] { status = transom::tool::define(define); });

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
            command->callback([this, name] { status = transom::tool::order(name, order); });
        }

        auto* const keys = app.add_subcommand("key", "keys by which machines and operators know each other");
        keys->require_subcommand(1);
        command =
            keys->add_subcommand("make", "make a key for a machine or an operator: FILE, and FILE.pub for others");
        command->add_option("file", key.file, "where the key goes")->required();
        command->callback([this] { status = transom::tool::key_make(key); });

        using Command = int (*)(const OrderOptions&);
        const std::array<std::tuple<const char*, const char*, Command>, 5> of_machines = {{
            {"list", "the partitions and definitions of a machine", transom::tool::list},
            {"status", "what a machine is, what it has left, and how its move goes on", transom::tool::status},
            {"migration", "how the move of a machine goes on, or how the last one ended", transom::tool::migration},
            {"cancel", "end the move of a machine; the partition goes on where it was", transom::tool::cancel},
            {"shutdown", "power a machine off, with whatever runs on it", transom::tool::shut_down},
        }};
        for (const auto& [name, what, run_it] : of_machines) {
            command = app.add_subcommand(name, what);
            add_order_options(*command, order);
            command->callback([this, run_it] { status = run_it(order); });
        }
        add_move();
        add_recover();
        add_affinity();

        command = app.add_subcommand("request", "say a request of the management protocol and print the answer");
        command->add_option("request", request.request, "a line (docs/manage.md); -: each of standard input")
            ->required();
        add_order_options(*command, request.common);
        command->callback([this] { status = transom::tool::request(request); });

        command = app.add_subcommand("console", "attach to a terminal of a partition");
        add_partition(*command, console.common);
        command->add_option("--terminal", console.terminal, "which one, counted from 0")->capture_default_str();
        command->add_option("--scrollback", console.scrollback, "show so many bytes of what was written before, or no")
            ->capture_default_str();
        add_order_options(*command, console.common);
        command->callback([this] { status = transom::tool::console(console); });
    }

    void add_move() {
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
        command->callback([this] { status = transom::tool::move(move); });
    }

    void add_affinity() {
        auto* const group = app.add_subcommand(
            "affinity", "how partitions lie on the nodes of their machine, and their way to better places");
        group->require_subcommand(1);
        auto* command = group->add_subcommand("score", "the nodes of a machine, and the scores of its partitions");
        add_order_options(*command, order);
        command->callback([this] { status = transom::tool::affinity_score(order); });

        const std::array<std::tuple<const char*, const char*, bool>, 2> to_reallocate = {{
            {"plan", "what a reallocation would gain and cost; nothing moves", true},
            {"apply", "move partitions to better places while they run", false},
        }};
        for (const auto& [name, what, only_plan] : to_reallocate) {
            command = group->add_subcommand(name, what);
            command->add_option("partition", reallocate.common.partition, "for which it is made; for all if left out");
            if (!only_plan) {
                command->add_option("--to-node", reallocate.to_node,
                                    "all of the partition onto this node, whatever it gains");
                command->add_flag("--if-worth", reallocate.if_worth, "only for a gain that is worth its cost");
            }
            add_order_options(*command, reallocate.common);
            command->callback([this, plan = only_plan] {
                reallocate.only_plan = plan;
                status = transom::tool::reallocate(reallocate);
            });
        }

        command =
            group->add_subcommand("stop", "end the reallocation that is under way; what has moved stays where it is");
        add_order_options(*command, order);
        command->callback([this] { status = transom::tool::affinity_stop(order); });
        command =
            group->add_subcommand("watch", "how the reallocation that is under way goes on, or how the last one ended");
        add_order_options(*command, order);
        command->callback([this] { status = transom::tool::affinity_watch(order); });
    }

    void add_recover() {
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
        command->callback([this] { status = transom::tool::recover(recover); });
    }

    int run_fuzz() {
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
        return transom::tool::fuzz(fuzz);
    }
};

} // namespace

int main(int argc, char** argv) {
    try {
        catch_interruptions();
        CommandLine line;
        try {
            line.app.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return line.app.exit(error) == 0 ? 0 : exit_usage;
        }
        return line.status;
    } catch (const Interrupted& interrupted) {
        fmt::print(stderr, "\ntransom: interrupted; no machine that this command has started is left running\n");
        JsonFile::fail("interrupted");
        return 128 + interrupted.signal;
    } catch (const std::exception& error) {
        std::fflush(stdout);
        fmt::print(stderr, "transom: {}\n", error.what());
        JsonFile::fail(error.what());
        return exit_failure;
    }
}

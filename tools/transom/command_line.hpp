// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace transom::tool {

/// The commands of `transom` and their options; parsing a command line with `app` carries out the command.
class CommandLine {
  public:
    CommandLine();
    CommandLine(const CommandLine&) = delete; ///< the options write into this
    CommandLine& operator=(const CommandLine&) = delete;

    CLI::App app{"Boots, moves and checks partitions on Transom, on machines emulated by QEMU"};
    int status = 0; ///< the exit status of the command

  private:
    void add_run();
    void add_migrate();
    void add_conform();
    void add_orders(); ///< what is said to a machine that runs
    void add_move();
    void add_recover();
    void add_affinity();
    void add_keys();
    void add_bench();
    void add_stream();
    int run_fuzz(); ///< conform --fuzz

    RunOptions run;
    MigrateOptions migrate;
    ConformOptions conform;
    CLI::App* conform_command = nullptr;
    FuzzOptions fuzz;
    bool fuzzing = false;
    std::vector<std::uint64_t> defect; ///< seed and operation
    DefineOptions define;
    OrderOptions order;
    MoveOptions move;
    RecoverOptions recover;
    ReallocateOptions reallocate;
    RequestOptions request;
    ConsoleOptions console;
    KeyOptions key;
    BenchHcallOptions bench_hcall;
    BenchMigrateOptions bench_migrate;
    BenchAffinityOptions bench_affinity;
    StreamDumpOptions stream;
};

/// Of every command that starts machines; `machines` says which there are.
void add_machine_options(CLI::App& command, MachineOptions& options, const std::string& machines);
/// The same without --machine.
void add_other_machine_options(CLI::App& command, MachineOptions& options);
/// Of every command to a machine that runs: where it is, and the keys.
void add_order_options(CLI::App& command, OrderOptions& options);
void add_partition(CLI::App& command, OrderOptions& options);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine_arguments.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace transom::tool {

/// What every command that starts machines takes.
struct MachineOptions {
    std::string machine = "powernv9";
    std::string qemu = "qemu-system-ppc64";
    std::string memory = "2G";
    unsigned processors = 1;
    unsigned chips = 1; ///< on which the processors and the memory are
    std::string image;  ///< empty: where the `power` preset puts it
    std::string json;
    double timeout_s = 0; ///< for the whole command; 0: each has its own
};

struct RunOptions {
    MachineOptions common;
    std::string manifest; ///< empty: the Debian example
    std::optional<std::uint16_t> management_port;
    bool report = false;
    unsigned number = 1;                   ///< which of the machines on its link it is
    std::string link_listen, link_connect; ///< unix socket of the link; both empty: none
    std::string key;                       ///< file of its private key; empty: none
    std::vector<std::string> peer_keys;    ///< files of the public keys of machines that it knows,
    std::vector<std::string>
        operator_keys; ///< and of operators; none: one is made for this run, and kept for this user's other commands
};

struct MigrateOptions {
    MachineOptions common;
    std::string guest = "linux";
    std::optional<unsigned> virtual_processors; ///< as many as the guest has by itself
    std::optional<unsigned> page_table_mib;     ///< of the partition's page table; as is usual for its memory
    std::string guest_memory;                   ///< of the partition; empty: as in its example
    std::string writes;                         ///< what the guest writer stores to; empty: mixed
    std::optional<unsigned> write_rate;         ///< stores of the guest writer in a second
    unsigned rounds = 1;                        ///< moves, each to the other machine
    std::string target_qemu;                    ///< of machine B; empty: the same as A's
    unsigned connections = 4;                   ///< of a move, at once, at most
    std::vector<std::string>
        modes; ///< of one move after the other, over and over; empty: hybrid, and every other move post-copy
    std::string order = "state";          ///< of pages: state or address
    bool check = false;                   ///< find out whether it could move, and no more
    std::optional<unsigned> downtime_ms;  ///< how long the partition may stand still for the last pages
    std::optional<unsigned> bandwidth_mb; ///< of the stream, megabytes in a second; as many as there can be
    bool resize = false;                  ///< before each move Linux asks for page tables of other sizes
    bool hotplug = false;                 ///< Linux takes a virtual processor off and on while it moves
    bool reboot = false;                  ///< Linux reboots at the target after each move
    bool cancel_first = false;            ///< each move is cancelled once while it runs, before it is made
    bool compat = false;                  ///< a processor of the same architected generation suffices
    std::optional<std::uint64_t> corrupt_page;
    bool count_instructions = false; ///< the machines count them, and the guest storing says what its calls took
    bool forget_store = false;       ///< the guest storing forgets a store of its own, which it must find
    std::string faults;              ///< empty, some, all or kill: moves with a fault each
    std::pair<unsigned, unsigned> fault_part{1, 1}; ///< which of how many parts of them
    std::string consoles; ///< directory that gets both machines' consoles as A.console and B.console; empty: none
    std::string capture;  ///< file that gets what goes over the link, as libpcap writes it; empty: none
    std::string link;     ///< parse_link_rules(); empty: the machines' link has none
    std::string stranger; ///< source or target: the other machine does not know its key; empty: they know each other
};

struct ConformOptions {
    MachineOptions common;
    std::vector<std::string> machines; ///< "all" stands for every machine that runs partitions; empty: common.machine
    std::string on = "both";
    bool takes_its_time = false; ///< the cases on Transom do all that they can make use of
    std::string tap;             ///< where the results go as TAP version 14; empty: nowhere
    std::string differences,
        coverage; ///< files of the suite: known differences, kinds of cases that a call cannot have
};

struct BenchHcallOptions {
    MachineOptions common;
    std::string peer; ///< empty or kvm
};

struct BenchMigrateOptions {
    MachineOptions common;
    bool quick = false;                    ///< one writer, both orders
    std::string guest;                     ///< only linux, or only writer; empty: both
    unsigned rounds = 1;                   ///< moves of each cell
    std::vector<std::string> guest_memory; ///< sizes of the partitions; empty: 256M and 2G
    std::optional<unsigned> write_rate;    ///< stores of the guest writer in a second
    std::string charts;                    ///< directory for them; empty: none
};

struct BenchAffinityOptions {
    unsigned systems = 500;               ///< compared with the optimum
    std::uint64_t seed = 0;               ///< of the first of them
    std::vector<unsigned> chips = {2, 4}; ///< of each machine on which a partition moves at work
    unsigned moves = 8;                   ///< of that
    bool only_plans = false;              ///< no machine is started
    MachineOptions common;
};

struct FuzzOptions {
    MachineOptions common;
    std::string on = "both";
    std::uint64_t first_seed = 1, seeds = 100, operations = 100'000;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> defect; ///< seed and operation, for tests
};

/// What a command takes that gives orders to a machine which runs already.
struct OrderOptions {
    std::string management;  ///< HOST:PORT
    std::string key;         ///< file of the operator's private key,
    std::string machine_key; ///< and of the machine's public key; both empty: those that transom run has kept
    std::string partition;
    std::string json;
    bool force = false;
};

struct MoveOptions {
    OrderOptions common;
    std::string to; ///< address of the other machine on the link
    std::optional<std::uint16_t> port;
    std::string mode, order; ///< as the request has them; empty: the machine's own
    std::optional<unsigned> connections, downtime_ms, bandwidth_mb;
    bool check = false;  ///< find out whether it could move, and no more
    bool compat = false; ///< a processor of the same architected generation suffices
};

struct ReallocateOptions {
    OrderOptions common;                ///< without a partition
    std::vector<std::string> requested; ///< partitions for which it is made; none: for all
    std::vector<std::string> protects;  ///< partitions that stay where they are
    std::optional<unsigned> to_node;    ///< all of the partition onto this one
    bool if_worth = false; ///< only for a gain that is worth its cost, also where one of the next three is given
    std::optional<unsigned> threshold;    ///< points from which on it is good enough
    std::optional<unsigned> delta;        ///< points that it has to gain
    std::optional<unsigned> cooldown_s;   ///< after a partition has been moved
    std::optional<unsigned> bandwidth_mb; ///< that may be copied in a second
    bool only_plan = false;               ///< nothing moves
};

struct RecoverOptions {
    OrderOptions common;
    std::string owner; ///< here or peer, where it is forced
    std::string force; ///< peer-dead; empty: the other machine is asked
};

struct RequestOptions {
    OrderOptions common;
    std::string request; ///< a line of docs/manage.md; - is a line for each from standard input
};

struct DefineOptions {
    OrderOptions common;
    std::string manifest;
};

struct KeyOptions {
    std::string file;
};

struct ConsoleOptions {
    OrderOptions common;
    unsigned terminal = 0;
    std::string scrollback = "65536"; ///< bytes, or no
};

struct StreamDumpOptions {
    std::string file; ///< - is standard input
    std::string json;
    bool all = false; ///< each granule and each page table entry by itself
};

/// Each returns the exit code or throws Failure.
int run(const RunOptions& options);
int migrate(const MigrateOptions& options);
int conform(const ConformOptions& options);
int bench_hcall(const BenchHcallOptions& options);
int bench_migrate(const BenchMigrateOptions& options);
int bench_affinity(const BenchAffinityOptions& options);
int fuzz(const FuzzOptions& options);
int affinity_score(const OrderOptions& options);
int affinity_potential(const OrderOptions& options);
int reallocate(const ReallocateOptions& options);
int affinity_watch(const OrderOptions& options);
int affinity_stop(const OrderOptions& options);
int define(const DefineOptions& options);
/// `verb`: start, stop, reset or remove.
int order(std::string_view verb, const OrderOptions& options);
int list(const OrderOptions& options);
int status(const OrderOptions& options);
int move(const MoveOptions& options);
int migration(const OrderOptions& options);
int cancel(const OrderOptions& options);
int recover(const RecoverOptions& options);
int shut_down(const OrderOptions& options);
int request(const RequestOptions& options);
int console(const ConsoleOptions& options);
int key_make(const KeyOptions& options);
int stream_dump(const StreamDumpOptions& options);

/// The machines of a command line, each once, in its order.
std::vector<std::string> machines_of(const ConformOptions& options);

/// Checks QEMU, the machine's name and the image: everything that can be known before a process is started.
MachineSetup prepare_machine(const MachineOptions& options);
/// The same for a command that starts partitions: refuses pseries, before all else.
MachineSetup prepare_partition_machine(const MachineOptions& options, std::string_view command);

} // namespace transom::tool

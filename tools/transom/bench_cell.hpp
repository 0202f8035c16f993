// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "move_report.hpp"
#include "processor_halts.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace transom::tool {

/// The lower one of two in the middle. Nothing of nothing.
std::optional<double> median_of(std::vector<double> values);

/// A way to move a partition, as `bench migrate` compares them.
struct BenchWay {
    std::string_view name;
    std::string_view mode, order; ///< as `migrate` has them
};

/// Of Transom: hybrid, as users have it; pre-copy by either order; standing still.
std::vector<BenchWay> bench_ways();

/// What is moved.
struct BenchGuest {
    std::string name;   ///< linux, writer
    std::string writes; ///< of the writer
    std::uint64_t memory_mib = 0;
    unsigned virtual_processors = 1;
    unsigned page_table_mib = 0; ///< 0: as is usual for its memory
    unsigned write_rate = 0;     ///< of the writer, a second

    /// "writer 50 %, 256 MiB".
    std::string text() const;
};

/// A guest moved in some way: a row of the table.
struct BenchCell {
    BenchGuest guest;
    std::string way;
    std::string mover = "transom"; ///< or qemu: its own migration
    std::string result; ///< moved; outrun: the move gave up, as it is stored to faster than it can be sent; wrong;
                        ///< broken: so was the guest after QEMU's own migration
    MoveReport move;
    std::vector<ProcessorHalt> halts{}; ///< of processors that went back to the first page table, at either machine
    bool counts = false;         ///< the machines counted instructions: their clock, and so each tick, is of those
    double peer_downtime_ms = 0; ///< as QEMU says it, of its own migration
    std::vector<std::string> complaints;

    double bytes_per_memory_byte() const;
    /// Instructions of the hypervisor for faults in the second page table, for each page that is tracked; nothing unless they were counted.
    std::optional<double> instructions_per_page() const;
    nlohmann::ordered_json json() const;
};

/// Of moves with one size of page table: medians of those that have it. Zeros where none has.
struct PageTableCosts {
    unsigned page_table_mib = 0;
    double fold_us = 0, drain_us = 0;
    std::uint64_t switch_halt_instructions = 0, switch_halt_ticks = 0;
};
/// Of all of them together.
HaltMedians halt_medians(const std::vector<BenchCell>& cells);
/// By size, in the order in which they come.
std::vector<PageTableCosts> page_table_costs(const std::vector<BenchCell>& cells);

/// A line for each, with a head.
std::string bench_table(const std::vector<BenchCell>& cells);

} // namespace transom::tool

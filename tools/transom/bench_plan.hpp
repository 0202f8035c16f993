// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench_cell.hpp"
#include "commands.hpp"

namespace transom::tool {

/// One guest in several ways, by two machines of its own.
struct BenchGroup {
    BenchGuest guest;
    std::vector<BenchWay> ways;
    unsigned least_rounds = 1; ///< moves in each way, where the options want fewer
    bool counts = false;       ///< the machines count instructions
    bool is_qemu = false;      ///< QEMU's own migration instead, in its own way
    std::string part;          ///< of the report: moves, page_tables, counted
};

/// All that `bench migrate` moves. `can_count`: there is a QEMU for it.
std::vector<BenchGroup> bench_plan(const BenchMigrateOptions& options, bool can_count);

} // namespace transom::tool

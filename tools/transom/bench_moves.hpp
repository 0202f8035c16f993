// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench_cell.hpp"
#include "commands.hpp"

namespace transom::tool {

/// Starts two machines and the guest on one of them, and moves it to and fro: in each of the ways, `rounds` times. `counts`: the machines count
/// instructions, so that ticks of the time base are those. A move that gives up is a cell, too. Throws Failure where nothing can go on, or has
/// not by `until`.
std::vector<BenchCell> bench_moves(const MachineOptions& machines, const BenchGuest& guest,
                                   const std::vector<BenchWay>& ways, unsigned rounds, bool counts,
                                   Clock::time_point until);

} // namespace transom::tool

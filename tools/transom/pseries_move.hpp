// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench_cell.hpp"
#include "commands.hpp"

namespace transom::tool {

/// QEMU's own migration of the same Linux, directly on its pseries machine, by pre-copy with all that it does by itself: what a Linux cell of
/// Transom is compared with. Its link is a unix socket, neither encrypted nor emulated.
BenchCell pseries_move(const MachineOptions& machines, const BenchGuest& guest, Clock::time_point until);

} // namespace transom::tool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"
#include "console.hpp"
#include "tap.hpp"

namespace transom::tool {

/// The conformance guest as a partition of Transom on options.machine. Throws Failure where the run is not whole.
/// `takes_its_time`: the cases with several processors do not stop at half a second.
TapRun conform_on_transom(const MachineOptions& options, bool takes_its_time, Clock::duration limit);
/// The same guest on QEMU's pseries with the processor that options.machine has.
TapRun conform_on_pseries(const MachineOptions& options, Clock::duration limit);

} // namespace transom::tool

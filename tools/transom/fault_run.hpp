// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"
#include "fault_report.hpp"

namespace transom::tool {

/// Moves the guest again and again, with one fault each time, and looks who has it afterwards. `report` grows as it goes. What ends otherwise than it has to is in there;
/// throws Failure where it cannot go on.
void run_faults(const MigrateOptions& options, FaultReport& report);

} // namespace transom::tool

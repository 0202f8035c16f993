// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace transom::tool {

/// What the faults of one run came to.
struct FaultReport {
    std::string guest, machine, mode;
    std::size_t cells = 0;          ///< that came about
    std::size_t not_reached = 0;    ///< whose record was not sent that time
    std::vector<std::string> wrong; ///< a line for each that did not end as it has to
    std::vector<nlohmann::ordered_json> rows;

    nlohmann::ordered_json json() const;
    std::string text() const;
};

/// Moves the guest again and again, with one fault each time, and looks who has it afterwards. `report` grows as it goes. Throws Failure where
/// it cannot go on.
void run_faults(const MigrateOptions& options, FaultReport& report);

} // namespace transom::tool

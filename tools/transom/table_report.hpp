// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "management_answer.hpp"

#include <nlohmann/json.hpp>

namespace transom::tool {

/// What machines have counted of second page tables that are gone (docs/manage.md, `report`).
struct TableReport {
    std::uint64_t active = 0; ///< that are still there
    std::uint64_t drained = 0, faults = 0, missing = 0;
    std::uint64_t fault_ticks = 0; ///< what the faults took together, in ticks of the time base, as all that follow
    std::uint64_t live_at_switch = 0, drained_by_calls = 0, drained_by_sweep = 0;
    std::uint64_t mismatches = 0, rc_mismatches = 0;
    std::uint64_t switches = 0; ///< processors that went back to the first table
    /// Instructions that one of those was held for, by a fault or on its way in, of the table that was drained last.
    std::uint64_t fault_halt = 0, entry_halt = 0;
    std::uint64_t halt_ticks = 0, drain_ticks = 0; ///< the same in ticks; and how long its drain took

    static TableReport of(const Answer& report);
    /// What came in between.
    TableReport since(const TableReport& before) const;
    /// With another machine's.
    TableReport with(const TableReport& other) const;

    std::vector<std::string> complaints() const;
    void add_to(nlohmann::ordered_json& report) const;
    std::string text() const;
};

} // namespace transom::tool

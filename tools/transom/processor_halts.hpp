// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "management_answer.hpp"

#include <nlohmann/json.hpp>
#include <vector>

namespace transom::tool {

/// What a virtual processor was held for that went back to its first page table.
struct ProcessorHalt {
    bool by_fault = false; ///< in the second page table; else it was on its way into the partition
    std::uint64_t instructions = 0, ticks = 0;
};

/// Of those that a machine's `report` has, the ones that it had not yet counted when `before` was its `t2_halts`. The machine keeps the last few.
std::vector<ProcessorHalt> halts_since(std::uint64_t before, const Answer& report);

/// Medians over processors, of whichever moves. Nothing where there were none.
struct HaltMedians {
    std::size_t processors = 0, by_fault = 0;
    std::optional<std::uint64_t> fault_instructions, entry_instructions, ticks;

    static HaltMedians of(const std::vector<ProcessorHalt>& halts);
    nlohmann::ordered_json json() const;
    /// A line; empty where there were none.
    std::string text() const;
};

nlohmann::ordered_json to_json(const std::vector<ProcessorHalt>& halts);

} // namespace transom::tool

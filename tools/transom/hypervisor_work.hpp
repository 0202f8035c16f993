// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "management_answer.hpp"

#include <nlohmann/json.hpp>

namespace transom::tool {

/// What a hypervisor has executed for one partition since the partition's first instruction, where the time base counts
/// instructions (`-icount`). Of calls and other exits that do not leave the partition it is from the first look at the reason to
/// the answer: the way in and out, which `transom bench hcall` shows as the cost of a null call, comes on top.
struct HypervisorWork {
    std::uint64_t calls = 0, other_exits = 0;
    double call_instructions = 0, other_exit_instructions = 0;
    /// Dispatching, the hypervisor's own tasks, console and network; idle time is not in it.
    double outside_instructions = 0;

    double total() const { return call_instructions + other_exit_instructions + outside_instructions; }
};

/// From the answers to `report` and `calls` (docs/manage.md). Throws Failure where a number is missing.
HypervisorWork hypervisor_work(const Answer& report, const Answer& calls, std::uint64_t timebase_frequency);

nlohmann::ordered_json to_json(const HypervisorWork& work);

} // namespace transom::tool

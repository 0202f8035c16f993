// SPDX-License-Identifier: Apache-2.0
#include "kernel_log.hpp"

#include "shell.hpp"

namespace transom::tool {

std::vector<std::string> kernel_complaints(Machine& machine, Clock::time_point until) {
    const std::string found =
        Shell(machine).run("dmesg | grep -E 'Unexpected error|stall|BUG|WARNING|Oops|soft lockup' | tail -n 3", until);
    if (found.empty())
        return {};
    return {"the partition's kernel says: " + found};
}

} // namespace transom::tool

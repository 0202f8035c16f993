// SPDX-License-Identifier: Apache-2.0
#include "log_check.hpp"

namespace transom::tool {

std::string problem_in_log(const std::vector<TimedLine>& log, bool expects_partitions) {
    bool ran = false;
    std::string reason = "the log does not say why";
    for (const auto& [at, line] : log) {
        if (line.starts_with("panic: "))
            return "the hypervisor panicked: " + line;
        ran = ran || line.find(first_instruction_line) != std::string::npos;
        if (line.starts_with("partition ") || line.starts_with("manifest: "))
            reason = line;
    }
    return expects_partitions && !ran ? "no partition could be started: " + reason : std::string();
}

} // namespace transom::tool

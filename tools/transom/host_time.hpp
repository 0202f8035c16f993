// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <sys/types.h>

namespace transom::tool {

/// What a process has had of the host's processors, all its threads together.
struct HostTime {
    double ran_s = 0;
    double waited_s = 0; ///< wanted to run, and others did
};
/// Zeros where the system does not say it (/proc/PID/task/TID/schedstat) or there is no such process any more.
HostTime host_time(pid_t process);

/// "its QEMU has run 0.2 s since, and waited 19.6 s for a processor of this host": whose fault it is that somebody is silent.
std::string describe_host_time(const HostTime& before, const HostTime& now);

} // namespace transom::tool

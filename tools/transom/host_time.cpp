// SPDX-License-Identifier: Apache-2.0
#include "host_time.hpp"

#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace transom::tool {

HostTime host_time(pid_t process) {
    constexpr double nanosecond = 1e-9;
    HostTime sum;
    std::error_code error;
    std::filesystem::directory_iterator thread(fmt::format("/proc/{}/task", process), error);
    for (; !error && thread != std::filesystem::directory_iterator{}; thread.increment(error)) {
        std::uint64_t ran = 0, waited = 0;
        if (std::ifstream(thread->path() / "schedstat") >> ran >> waited) {
            sum.ran_s += nanosecond * static_cast<double>(ran);
            sum.waited_s += nanosecond * static_cast<double>(waited);
        }
    }
    return sum;
}

std::string describe_host_time(const HostTime& before, const HostTime& now) {
    return fmt::format("its QEMU has run {:.1f} s since, and waited {:.1f} s for a processor of this host",
                       now.ran_s - before.ran_s, now.waited_s - before.waited_s);
}

} // namespace transom::tool

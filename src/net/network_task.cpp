// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <transom/net/network_task.hpp>

namespace transom::net {

namespace {

constexpr std::uint64_t ticks_per_microsecond = 512;
constexpr std::uint64_t busy_time = 5000 * ticks_per_microsecond; // after a frame the next is expected soon
constexpr std::uint64_t busy_interval = 20 * ticks_per_microsecond;
constexpr std::uint64_t quiet_interval = 1000 * ticks_per_microsecond;

} // namespace

std::uint64_t NetworkTask::run() {
    const unsigned frames = stack_.poll();
    const std::uint64_t now = arch::timebase();
    if (frames != 0) {
        last_frame_ = now;
        return 0;
    }
    return std::min(now - last_frame_ < busy_time ? busy_interval : quiet_interval, stack_.next_timer_ticks());
}

} // namespace transom::net

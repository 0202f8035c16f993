// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <transom/net/clock.hpp>
#include <transom/net/network_task.hpp>

namespace transom::net {

namespace {

constexpr std::uint64_t busy_ms = 5;             // after a frame the next is expected soon:
constexpr std::uint64_t busy_polls_in_a_ms = 50; // this often; later once in a millisecond

} // namespace

std::uint64_t NetworkTask::run() {
    const unsigned frames = stack_.poll();
    const std::uint64_t now = arch::timebase();
    if (frames != 0) {
        last_frame_ = now;
        return 0;
    }
    const std::uint64_t ms = ticks_per_millisecond();
    return std::min(now - last_frame_ < busy_ms * ms ? ms / busy_polls_in_a_ms : ms, stack_.next_timer_ticks());
}

} // namespace transom::net

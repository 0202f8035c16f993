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

void NetworkTask::want_interrupts(bool wanted) {
    if (wanted != interrupts_)
        stack_.want_interrupts(wanted);
    interrupts_ = wanted;
}

/// Where the cards do not interrupt.
std::uint64_t NetworkTask::next_poll() const {
    const std::uint64_t ms = ticks_per_millisecond();
    return arch::timebase() - last_frame_ < busy_ms * ms ? ms / busy_polls_in_a_ms : ms;
}

std::uint64_t NetworkTask::run() {
    const unsigned frames = stack_.poll();
    if (frames != 0) {
        last_frame_ = arch::timebase();
        want_interrupts(false);
        return 0;
    }
    if (!stack_.can_interrupt())
        return std::min(next_poll(), stack_.next_timer_ticks());
    if (!interrupts_) {
        want_interrupts(true);
        return 0; // what came just before did not interrupt
    }
    return stack_.next_timer_ticks();
}

} // namespace transom::net

// SPDX-License-Identifier: Apache-2.0
#include "bedroom.hpp"
#include <algorithm>
#include <transom/base/panic.hpp>

namespace transom::stress {

bool Bedroom::all_sleep() const {
    return std::ranges::all_of(beds_, [&](const Bed& bed) { return bed.asleep && !bed.kicked && bed.until > now(); });
}

void Bedroom::find_soonest() {
    std::uint64_t soonest = never;
    for (const Bed& bed : beds_)
        if (bed.asleep)
            soonest = std::min(soonest, bed.until);
    soonest_.store(soonest, std::memory_order_relaxed);
}

void Bedroom::sleep(std::uint64_t ticks) {
    std::unique_lock lock(mutex_);
    Bed& bed = beds_[arch::processor_index()];
    bed.until = ticks > never - now() ? never : now() + ticks;
    bed.asleep = true;
    find_soonest();
    // work() does not wake who fell asleep in that moment.
    if (std::ranges::any_of(beds_, [&](const Bed& each) { return each.asleep && each.until <= now(); }))
        changed_.notify_all();
    while (!closed_ && !bed.kicked && now() < bed.until) {
        if (!all_sleep()) {
            changed_.wait(lock);
            continue;
        }
        ++times_all_slept_;
        when_all_sleep_();
        const std::uint64_t soonest = soonest_.load(std::memory_order_relaxed);
        invariant(soonest != never, "all processors sleep, and none will ever wake");
        machine_.advance(soonest - now());
        changed_.notify_all();
    }
    bed.asleep = false;
    bed.kicked = false;
    find_soonest();
}

void Bedroom::kick(std::uint32_t index) {
    // So that who is about to sleep has not looked yet, or waits.
    const std::lock_guard lock(mutex_);
    beds_[index].kicked = true;
    changed_.notify_all();
}

bool Bedroom::take_kick() {
    std::atomic<bool>& kicked = beds_[arch::processor_index()].kicked;
    return kicked.load(std::memory_order_relaxed) && kicked.exchange(false);
}

void Bedroom::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

/// Without the lock but where somebody is late: it would order what is not ordered on a machine.
void Bedroom::work(std::uint64_t ticks) {
    machine_.advance(ticks);
    if (now() < soonest_.load(std::memory_order_relaxed))
        return;
    const std::lock_guard lock(mutex_);
    soonest_.store(never, std::memory_order_relaxed); // they are being woken
    changed_.notify_all();
}

} // namespace transom::stress

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/migrate/store_throttle.hpp>
#include <transom/partition/deliver.hpp>

namespace transom::migrate {

void StoreThrottle::begin(Ticks frequency) {
    frequency_ = frequency;
    measured_ = {};
}

void StoreThrottle::begin_pass(const partition::Partition& partition, Ticks now) {
    began_ = now;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        measured_[i].before = partition.vcpus[i].toll.grants();
}

void StoreThrottle::end_pass(const partition::Partition& partition, Ticks now) {
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i) {
        Measured& one = measured_[i];
        one.got = partition.vcpus[i].toll.grants() - one.before;
        if (one.got != 0 && partition.vcpus[i].toll.each() == 0)
            one.apart = (now - began_) / one.got;
    }
}

unsigned StoreThrottle::slow(partition::Partition& partition, unsigned percent) const {
    std::uint64_t all = 0;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        all += measured_[i].got;
    unsigned slowed = 0;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i) {
        const Measured& one = measured_[i];
        partition::StoreToll& toll = partition.vcpus[i].toll;
        // Less than half of its part is not what the stream is outrun by; but who is slowed already stays so.
        const bool stores = one.got != 0 && 2 * one.got * partition.vcpu_count >= all;
        if (!stores && toll.each() == 0)
            continue;
        toll.set(std::clamp<Ticks>(one.apart * percent / (100 - percent), 1, frequency_ / least_turns));
        ++slowed;
    }
    return slowed;
}

void StoreThrottle::end(partition::Partition& partition) {
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        if (partition.vcpus[i].toll.each() != 0) {
            partition.vcpus[i].toll.set(0);
            partition::alert(partition.vcpus[i]);
        }
}

} // namespace transom::migrate

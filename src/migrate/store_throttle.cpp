// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
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
        measured_[i].before = partition.vcpus[i].toll.pages();
}

void StoreThrottle::end_pass(const partition::Partition& partition, Ticks now) {
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i) {
        Measured& one = measured_[i];
        one.got = partition.vcpus[i].toll.pages() - one.before;
        if (one.got != 0 && partition.vcpus[i].toll.each() == 0)
            one.apart = (now - began_) / one.got;
    }
}

unsigned StoreThrottle::slow(partition::Partition& partition, unsigned percent, std::uint64_t bandwidth) const {
    std::uint64_t all = 0;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        all += measured_[i].got;
    // Less than half of its part is not what the stream is outrun by; but who is slowed already stays so.
    const auto is_slowed = [&](std::uint32_t i) {
        const std::uint64_t got = measured_[i].got;
        return partition.vcpus[i].toll.each() != 0 || (got != 0 && 2 * got * partition.vcpu_count >= all);
    };
    std::uint64_t slowed = 0;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        slowed |= std::uint64_t{is_slowed(i)} << i;
    const auto count = static_cast<unsigned>(std::popcount(slowed));
    const Ticks most = bandwidth == 0 ? ~Ticks{0} : std::max<Ticks>(least_part * count * frequency_ / bandwidth, 1);
    for (; slowed != 0; slowed &= slowed - 1) {
        const auto i = static_cast<std::uint32_t>(std::countr_zero(slowed));
        partition.vcpus[i].toll.set(std::clamp<Ticks>(measured_[i].apart * percent / (100 - percent), 1, most),
                                    frequency_ / least_turns);
    }
    return count;
}

void StoreThrottle::end(partition::Partition& partition) {
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        if (partition.vcpus[i].toll.each() != 0) {
            partition.vcpus[i].toll.set(0);
            partition::alert(partition.vcpus[i]);
        }
}

} // namespace transom::migrate

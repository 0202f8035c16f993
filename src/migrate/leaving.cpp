// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/leaving.hpp>
#include <transom/migrate/partition_state.hpp>
#include <utility>

namespace transom::migrate {

bool Leaving::begin(partition::Partition& partition) {
    if (busy())
        return false;
    digests_.forget(partition.name()); // an earlier move's: there are none of this one yet
    const auto words = digests_.begin_leaving(shape_of(partition));
    if (!words)
        return false;
    partition_ = &partition;
    words_ = *words;
    next_ = 0;
    return true;
}

partition::Partition* Leaving::step(std::uint64_t budget) {
    if (!busy())
        return nullptr;
    const std::uint64_t began = arch::timebase();
    do {
        if (next_ == words_.size()) {
            digests_.keep_left();
            return std::exchange(partition_, nullptr);
        }
        words_[next_] = xxh64(granule_of(*partition_, next_));
        ++next_;
    } while (arch::timebase() - began < budget);
    return nullptr;
}

} // namespace transom::migrate

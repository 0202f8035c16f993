// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::partition {

/// The physical processors that run partitions, what they share them among, and what became of their time. LoPAR "Shared
/// Processor LPAR Option", processor pool.
struct ProcessorPool {
    std::uint32_t processors = 1;         // physical ones
    std::uint32_t virtual_processors = 0; // of all partitions
    std::uint64_t idle_ticks = 0;         // of the time base, in which no virtual processor wanted to run

    /// Hundredths of a processor that `count` of the virtual ones are certain to get: they take turns, so each has the
    /// same part, and no more than a whole processor.
    std::uint64_t entitlement(std::uint32_t count) const {
        const std::uint32_t all = virtual_processors > count ? virtual_processors : count;
        return std::uint64_t{100} * count * (processors < all ? processors : all) / all;
    }
};

/// Of a partition that no dispatcher has.
inline constexpr ProcessorPool no_pool{};

} // namespace transom::partition

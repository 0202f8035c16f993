// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::partition {

/// The physical processors that run partitions, and what became of their time. LoPAR "Shared Processor LPAR Option", processor
/// pool.
struct ProcessorPool {
    std::uint32_t processors = 1; // physical ones
    std::uint32_t entitled = 0;   // hundredths of a processor that partitions are entitled to, together
    std::uint64_t idle_ticks = 0; // of the time base, in which no virtual processor wanted to run

    std::uint32_t capacity() const { return 100 * processors; }
    /// Hundredths of a processor that nobody is entitled to.
    std::uint32_t unallocated() const { return entitled < capacity() ? capacity() - entitled : 0; }
};

/// Of a partition that no dispatcher has.
inline constexpr ProcessorPool no_pool{};

} // namespace transom::partition

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <transom/partition/processors.hpp>

namespace transom::partition {

/// The physical processors that run partitions, and what became of their time. LoPAR "Shared Processor LPAR Option", processor
/// pool.
struct ProcessorPool {
    std::atomic<std::uint32_t> processors = 1; // physical ones
    std::atomic<std::uint32_t> dedicated = 0;  // of those, ones that a virtual processor has for itself
    std::atomic<std::uint32_t> entitled = 0;   // hundredths of a processor that partitions are entitled to, together
    std::atomic<std::uint64_t> idle_ticks =
        0;                                 // of the time base, in which no virtual processor had a turn on a shared one
    std::atomic<std::uint64_t> sleeps = 0; // of the boot processor
    std::atomic<std::uint64_t> wakes_by_interrupt = 0; // of those, ended by a device
    Sleepers sleepers{};

    std::uint32_t shared() const { return processors - dedicated; }
    /// Processors that a partition may still get for itself: never the boot processor, which has the tasks to do.
    std::uint32_t to_dedicate() const { return shared() - 1; }
    std::uint32_t capacity() const { return 100 * processors; }
    /// Hundredths of a processor that nobody is entitled to.
    std::uint32_t unallocated() const { return entitled < capacity() ? capacity() - entitled : 0; }
};

/// Of a partition that no dispatcher has.
inline constinit ProcessorPool no_pool{};

} // namespace transom::partition

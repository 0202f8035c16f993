// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <random>
#include <stdexcept>
#include <transom/partition/roster.hpp>
#include <vector>

namespace transom::test {

/// Makes all of a partition at once.
inline std::expected<void, partition::CreateError> create(partition::Partition& partition,
                                                          const tree::PartitionDescription& description,
                                                          const tree::Manifest& bundle,
                                                          const partition::Resources& from) {
    std::vector<std::byte> scratch(partition::Construction::scratch_size);
    partition::Construction construction;
    const auto begun = construction.begin(partition, description, bundle, from, scratch);
    while (construction.under_way())
        construction.step(partition, from.frames);
    return begun;
}

inline std::expected<void, partition::CreateError> create_empty(partition::Partition& partition,
                                                                const partition::Shape& shape,
                                                                const partition::Resources& from) {
    partition::Construction construction;
    const auto begun = construction.begin_empty(partition, shape, from);
    while (construction.under_way())
        construction.step(partition, from.frames);
    return begun;
}

inline std::expected<partition::Partition*, partition::CreateError> create_empty(partition::Roster& roster,
                                                                                 const partition::Shape& shape) {
    const auto begun = roster.begin_empty(shape);
    if (begun)
        roster.prepare(**begun, ~std::uint64_t{0});
    return begun;
}

/// All of its memory holds what does not become smaller.
inline void fill_with_noise(partition::Partition& partition) {
    std::mt19937_64 random(4);
    std::vector<std::uint64_t> noise(mib(1) / sizeof(std::uint64_t));
    for (Bytes at = 0; at < partition.memory.size(); at += mib(1)) {
        std::ranges::generate(noise, std::ref(random));
        if (!partition.memory.write(LogicalAddr{at}, std::as_bytes(std::span(noise))))
            throw std::runtime_error("write");
    }
}

} // namespace transom::test

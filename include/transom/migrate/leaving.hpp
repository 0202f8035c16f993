// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <transom/migrate/move_digests.hpp>
#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// A partition that runs elsewhere and stands still here: before it is freed its memory is digested, a portion at a time. The other machine
/// has digests of what came; only those of what there was tell of a store that nobody has seen.
class Leaving {
  public:
    explicit Leaving(MoveDigests& digests) : digests_(digests) {}

    bool busy() const { return partition_ != nullptr; }
    bool is(const partition::Partition& partition) const { return partition_ == &partition; }
    /// False: another one is leaving, or there is no memory for its digests; it can go at once, and has none.
    bool begin(partition::Partition& partition);
    /// Works for about `budget` ticks. The partition, as soon as its digests are kept: it can go.
    partition::Partition* step(std::uint64_t budget);

  private:
    MoveDigests& digests_;
    partition::Partition* partition_ = nullptr;
    std::span<std::uint64_t> words_; // one for each granule
    std::uint64_t next_ = 0;         // of them
};

} // namespace transom::migrate

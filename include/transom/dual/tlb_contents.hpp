// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <transom/dual/walkers.hpp>

namespace transom::dual {

/// With which table a processor goes into the partition, and whether its TLB must forget the partition before.
struct Entry {
    Which table = Which::first;
    bool flush = false;
    bool comes_back =
        false; // it will take T1 again when a migration ends, which is counted: not where the table takes T1's place
};

/// Of which table a TLB may hold translations, where both tables have one LPID (POWER8, SDR1). A TLB is a physical processor's: virtual
/// processors that run there in turn leave each other theirs. Numbers are those of arch::processor_index(), of which each has a
/// TLB of its own; its entry is written by that processor alone.
class TlbContents {
  public:
    static constexpr std::uint64_t of_first = 0;
    /// T2 of the start with that epoch; the next start's is another table.
    static constexpr std::uint64_t of_second(std::uint64_t epoch) { return epoch; }

    /// The processor is about to walk that table; true: it has to forget what its TLB holds of the partition first.
    bool change(unsigned physical, std::uint64_t to) {
        std::atomic<std::uint64_t>& held = held_[physical % held_.size()];
        if (held.load(std::memory_order_relaxed) == to)
            return false;
        held.store(to, std::memory_order_relaxed);
        return true;
    }

  private:
    std::array<std::atomic<std::uint64_t>, 64> held_{};
};

} // namespace transom::dual

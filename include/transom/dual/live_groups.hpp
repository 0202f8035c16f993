// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <papr/hpt.hpp>
#include <span>

namespace transom::dual {

/// One bit for each group of T2 in which there may be something: set after an entry is there, so that who has taken the bit
/// before he looks misses none.
class LiveGroups {
  public:
    LiveGroups() = default;
    /// Words of the owner's, zeroed; one for 64 groups, the last perhaps not full.
    explicit LiveGroups(std::span<std::uint64_t> words) : words_(words) {}

    static constexpr std::uint64_t words_for(std::uint64_t groups) { return (groups + 63) / 64; }

    void mark(papr::GroupIndex group) { word(group).fetch_or(bit(group), std::memory_order_seq_cst); }
    void take(papr::GroupIndex group) { word(group).fetch_and(~bit(group), std::memory_order_seq_cst); }

    /// The first of [from, end) that is marked, or `end`.
    papr::GroupIndex next(papr::GroupIndex from, papr::GroupIndex end) const {
        while (from < end) {
            const std::uint64_t rest = word(from).load(std::memory_order_acquire) >> (from.value % 64);
            if (rest != 0)
                return std::min(end, {from.value + static_cast<unsigned>(std::countr_zero(rest))});
            from.value = (from.value | 63) + 1;
        }
        return end;
    }

    void clear() { std::ranges::fill(words_, 0); }

  private:
    static constexpr std::uint64_t bit(papr::GroupIndex group) { return std::uint64_t{1} << (group.value % 64); }
    std::atomic_ref<std::uint64_t> word(papr::GroupIndex group) const {
        return std::atomic_ref(words_[group.value / 64]);
    }

    std::span<std::uint64_t> words_;
};

} // namespace transom::dual

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <span>

namespace transom::dual {

/// A bit for each of many things of which somebody is to look at some again. It is set after what is to be seen is there, so that who takes
/// the bit before he looks misses nothing.
class Marks {
  public:
    Marks() = default;
    /// Words of the owner's: words_for so many things, the last word perhaps not full.
    explicit Marks(std::span<std::uint64_t> words) : words_(words) {}

    static constexpr std::uint64_t words_for(std::uint64_t count) { return (count + 63) / 64; }

    bool on() const { return !words_.empty(); }
    // Of a marking and a taking one is first: the marking, then who takes it sees what was stored before; or the taking, then the mark stays.
    void mark(std::uint64_t which) { word(which).fetch_or(bit(which), std::memory_order_release); }
    void take(std::uint64_t which) { word(which).fetch_and(~bit(which), std::memory_order_acquire); }
    bool is_marked(std::uint64_t which) const {
        return (word(which).load(std::memory_order_acquire) & bit(which)) != 0;
    }
    /// The first of [from, end) that is marked, or `end`.
    std::uint64_t next(std::uint64_t from, std::uint64_t end) const {
        while (from < end) {
            const std::uint64_t rest = word(from).load(std::memory_order_acquire) >> (from % 64);
            if (rest != 0)
                return std::min(end, from + static_cast<unsigned>(std::countr_zero(rest)));
            from = (from | 63) + 1;
        }
        return end;
    }
    /// How many of the first `end` are marked.
    std::uint64_t count(std::uint64_t end) const {
        std::uint64_t marked = 0;
        for (std::uint64_t first = 0; first < end; first += 64) {
            const std::uint64_t counted =
                end - first < 64 ? (std::uint64_t{1} << (end - first)) - 1 : ~std::uint64_t{0};
            marked += static_cast<unsigned>(std::popcount(word(first).load(std::memory_order_relaxed) & counted));
        }
        return marked;
    }
    /// Before anybody marks or takes.
    void mark_all() { std::ranges::fill(words_, ~std::uint64_t{0}); }

  private:
    static constexpr std::uint64_t bit(std::uint64_t which) { return std::uint64_t{1} << (which % 64); }
    std::atomic_ref<std::uint64_t> word(std::uint64_t which) const { return std::atomic_ref(words_[which / 64]); }

    std::span<std::uint64_t> words_;
};

} // namespace transom::dual

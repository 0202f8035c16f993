// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/migrate/page_state.hpp>

namespace transom::migrate {

/// A set of pages in two levels: a bit for each page, a bit for 512 of them. Any processor adds; senders remove and look. Where a
/// lap stands is the hint that makes looking for the next one O(1) on average; the upper level is 4 KiB for 1 TiB in pages of 64 KiB.
///
/// It says which entries are worth a look, and is no truth: who takes a page removes it first and looks at the entry then, so
/// that what is added meanwhile stays.
class PageSet {
  public:
    static constexpr std::uint64_t in_block = 512;
    static constexpr std::uint64_t words_for(std::uint64_t pages) {
        return blocks(pages) * words_in_block + (blocks(pages) + 63) / 64;
    }

    PageSet() = default;
    /// words_for(pages) words of the owner's, zeroed.
    PageSet(std::span<std::uint64_t> words, std::uint64_t pages)
        : pages_(words.first(blocks(pages) * words_in_block)), blocks_(words.subspan(pages_.size())) {}

    void add(PageIndex page) {
        at(pages_, page.value).fetch_or(bit(page.value), std::memory_order_seq_cst);
        mark(page.value / in_block);
    }
    /// False: it was not there.
    bool remove(PageIndex page) {
        return (at(pages_, page.value).fetch_and(~bit(page.value), std::memory_order_seq_cst) & bit(page.value)) != 0;
    }
    bool has(PageIndex page) const {
        return (at(pages_, page.value).load(std::memory_order_seq_cst) & bit(page.value)) != 0;
    }

    /// All of the first `pages`. Nobody else has the set yet.
    void fill(std::uint64_t pages);
    /// The first at or after `from`.
    std::optional<PageIndex> next(PageIndex from);
    /// Moves what `other` has at or after `from` into this one, as many words of it at most. Where to go on; none: that was all.
    std::optional<PageIndex> take(PageSet& other, PageIndex from, unsigned words);

  private:
    static constexpr std::uint64_t words_in_block = in_block / 64;
    static constexpr std::uint64_t blocks(std::uint64_t pages) { return (pages + in_block - 1) / in_block; }
    static constexpr std::uint64_t bit(std::uint64_t n) { return std::uint64_t{1} << n % 64; }
    static std::atomic_ref<std::uint64_t> at(std::span<std::uint64_t> words, std::uint64_t n) {
        return std::atomic_ref(words[n / 64]);
    }
    void mark(std::uint64_t block) {
        // Mostly it is set already; then nothing is written that all processors share.
        if ((at(blocks_, block).load(std::memory_order_seq_cst) & bit(block)) == 0)
            at(blocks_, block).fetch_or(bit(block), std::memory_order_seq_cst);
    }
    std::optional<PageIndex> first_in(std::uint64_t word, std::uint64_t end) const;
    std::optional<std::uint64_t> marked_block(std::uint64_t from) const;

    std::span<std::uint64_t> pages_;
    std::span<std::uint64_t> blocks_;
};

} // namespace transom::migrate

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/migrate/page_set.hpp>

namespace transom::migrate {

void PageSet::fill(std::uint64_t pages) {
    const auto fill_bits = [](std::span<std::uint64_t> words, std::uint64_t bits) {
        std::ranges::fill(words.first(bits / 64), ~std::uint64_t{0});
        if (bits % 64 != 0)
            words[bits / 64] = bit(bits) - 1;
    };
    fill_bits(pages_, pages);
    fill_bits(blocks_, blocks(pages));
}

std::optional<PageIndex> PageSet::first_in(std::uint64_t word, std::uint64_t end) const {
    for (; word < end; ++word) {
        const std::uint64_t set = at(pages_, word * 64).load(std::memory_order_seq_cst);
        if (set != 0)
            return PageIndex{word * 64 + static_cast<unsigned>(std::countr_zero(set))};
    }
    return {};
}

std::optional<std::uint64_t> PageSet::marked_block(std::uint64_t from) const {
    while (from < blocks_.size() * 64) {
        const std::uint64_t set = at(blocks_, from).load(std::memory_order_seq_cst) >> from % 64;
        if (set != 0)
            return from + static_cast<unsigned>(std::countr_zero(set));
        from = (from | 63) + 1;
    }
    return {};
}

std::optional<PageIndex> PageSet::next(PageIndex from) {
    if (from.value / 64 >= pages_.size())
        return {};
    // The rest of a word, the rest of its block, then blocks by their bits.
    const std::uint64_t rest = at(pages_, from.value).load(std::memory_order_seq_cst) >> from.value % 64;
    if (rest != 0)
        return PageIndex{from.value + static_cast<unsigned>(std::countr_zero(rest))};
    std::uint64_t block = from.value / in_block;
    if (const auto found = first_in(from.value / 64 + 1, (block + 1) * words_in_block))
        return found;
    for (++block;; ++block) {
        const auto marked = marked_block(block);
        if (!marked)
            return {};
        block = *marked;
        if (const auto found = first_in(block * words_in_block, (block + 1) * words_in_block))
            return found;
        // Nothing in it: its bit goes, and comes back if something was added between the look and that. Who adds sets the page's bit
        // first, and all of this has one order: either we see it now or he sees that the block's bit is gone.
        at(blocks_, block).fetch_and(~bit(block), std::memory_order_seq_cst);
        if (first_in(block * words_in_block, (block + 1) * words_in_block))
            mark(block--);
    }
}

std::optional<PageIndex> PageSet::take(PageSet& other, PageIndex from, unsigned words) {
    auto page = other.next(from);
    for (; page && words > 0; --words) {
        const std::uint64_t all = at(other.pages_, page->value).exchange(0, std::memory_order_seq_cst);
        at(pages_, page->value).fetch_or(all, std::memory_order_seq_cst);
        mark(page->value / in_block);
        page = other.next({(page->value | 63) + 1});
    }
    return page;
}

} // namespace transom::migrate

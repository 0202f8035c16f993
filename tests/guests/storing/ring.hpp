// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity_map.hpp"

namespace storing {

constexpr std::uint64_t page_bytes = 4096, line_bytes = 128, pages_per_block = block_bytes / page_bytes;

/// A piece of memory that a processor goes round in for ever: it looks at a page, and stores the next round's contents. Each line has the
/// number of the round and numbers made of the page's; the page's is made of that of the page before it, so it depends on all before. What has
/// to be there is worked out as it was then, from two numbers, and kept nowhere.
class Ring {
  public:
    void begin(std::uint64_t address, std::uint64_t blocks, std::uint64_t seed);
    /// A block: its entry, its pages. `choice`: what is done to the entry.
    void visit(std::uint64_t choice);

    std::uint64_t rounds() const { return round_; }

  private:
    void visit_page(std::uint64_t* words, std::uint64_t page);

    std::uint64_t address_ = 0, blocks_ = 0;
    std::uint64_t round_ = 0, next_ = 0; // block
    std::uint64_t was_ = 0, is_ = 0;     // the number of the page before, in the last round and in this one
    std::uint64_t began_ = 0;            // with what this round began
};

} // namespace storing

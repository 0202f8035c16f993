// SPDX-License-Identifier: Apache-2.0
#include "ring.hpp"

#include "../common/random.hpp"

namespace storing {

namespace {

constexpr std::uint64_t words_per_line = line_bytes / 8, lines_per_page = page_bytes / line_bytes;
constexpr std::uint64_t step = 0x9e37'79b9'7f4a'7c15;

std::uint64_t word(std::uint64_t number, std::uint64_t round, std::uint64_t i) {
    return i % words_per_line == 0 ? round : number + i * step;
}

} // namespace

void Ring::begin(std::uint64_t address, std::uint64_t blocks, std::uint64_t seed) {
    address_ = address;
    blocks_ = blocks;
    began_ = is_ = guest::mix(seed);
}

void Ring::visit_page(std::uint64_t* words, std::uint64_t page) {
    was_ = guest::mix(was_ ^ page);
    is_ = guest::mix(is_ ^ page);
    Tally& mine = tally();
    for (std::uint64_t line = 0; line < lines_per_page; ++line) {
        bool right = true;
        std::uint64_t wrong = 0;
        for (std::uint64_t i = line * words_per_line; i < (line + 1) * words_per_line; ++i) {
            // The first round finds memory as the partition got it.
            const std::uint64_t had_to_be = round_ == 0 ? 0 : word(was_, round_, i);
            if (words[i] != had_to_be && right) {
                right = false;
                wrong = i;
            }
        }
        if (!right) {
            Tally::count(mine.wrong_lines);
            bad("line", reinterpret_cast<std::uint64_t>(&words[wrong]), words[wrong],
                round_ == 0 ? 0 : word(was_, round_, wrong));
        }
        for (std::uint64_t i = line * words_per_line; i < (line + 1) * words_per_line; ++i)
            words[i] = word(is_, round_ + 1, i);
    }
    Tally::count(mine.lines, lines_per_page);
}

void Ring::visit(std::uint64_t choice) {
    const std::uint64_t address = address_ + next_ * block_bytes;
    Block block(address / block_bytes);
    block.look(choice);
    block.stored();
    for (std::uint64_t i = 0; i < pages_per_block; ++i)
        visit_page(reinterpret_cast<std::uint64_t*>(address + i * page_bytes), next_ * pages_per_block + i);
    if (++next_ < blocks_)
        return;
    next_ = 0;
    ++round_;
    was_ = began_;
    began_ = is_;
}

} // namespace storing

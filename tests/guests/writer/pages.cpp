// SPDX-License-Identifier: Apache-2.0
#include "pages.hpp"

#include "../common/random.hpp"

#include <array>
#include <utility>

namespace writer {

namespace {

constexpr std::uint64_t words = page_bytes / 8, words_of_a_count = 4096 / 8;
constexpr std::uint64_t for_rtas_and_tree = 0x10'0000,
                        boundary = 0x1000'0000; // docs: partition/layout.cpp puts them below 256 MiB

std::array<std::uint32_t, Pages::most> place;     // in pages from address 0
std::array<std::uint32_t, Pages::most> stores_to; // by their number

extern "C" std::byte bss_end[];

volatile std::uint64_t* memory_of(std::uint64_t page) {
    return reinterpret_cast<volatile std::uint64_t*>(std::uint64_t{place[page]} * page_bytes);
}

std::uint64_t content(std::uint64_t page, std::uint64_t word) {
    if (word % words_of_a_count == 0)
        return page << 32 | stores_to[page];
    return guest::mix(page * words + word);
}

} // namespace

void Pages::find(const guest::Machine& machine) {
    const std::uint64_t top = machine.memory < boundary ? machine.memory : boundary;
    const std::uint64_t begin = (reinterpret_cast<std::uint64_t>(bss_end) + page_bytes - 1) / page_bytes;
    for (std::uint64_t at = begin; at < machine.memory / page_bytes && count_ < most; ++at)
        if (at * page_bytes < top - for_rtas_and_tree || at * page_bytes >= top)
            place[count_++] = static_cast<std::uint32_t>(at);
}

void Pages::shuffle() {
    guest::Random random(1);
    for (std::uint64_t n = count_; n > 1; --n)
        std::swap(place[n - 1], place[random.below(n)]);
}

void Pages::fill(std::uint64_t page) {
    volatile std::uint64_t* const memory = memory_of(page);
    for (std::uint64_t i = 0; i < words; ++i)
        memory[i] = content(page, i);
}

void Pages::begin(const guest::Machine& machine) {
    find(machine);
    shuffle();
    for (std::uint64_t page = 0; page < count_; ++page)
        fill(page);
}

void Pages::bad(std::uint64_t page, std::uint64_t word, std::uint64_t got, std::uint64_t expected) {
    constexpr std::uint64_t most_said = 20;
    if (wrong_++ >= most_said)
        return;
    guest::Line line;
    line << "writer: BAD page at=" << std::uint64_t{place[page]} * page_bytes + word * 8 << " got=" << got
         << " expected=" << expected;
    guest::print(line);
}

void Pages::store(std::uint64_t page) {
    volatile std::uint64_t* const memory = memory_of(page);
    const std::uint64_t before = content(page, 0);
    ++stores_to[page];
    bool right = true;
    for (std::uint64_t i = 0; i < words; i += words_of_a_count) {
        const std::uint64_t found = memory[i];
        if (found != before && std::exchange(right, false))
            bad(page, i, found, before);
        memory[i] = content(page, i);
    }
    ++stores_;
}

void Pages::look(std::uint64_t page, std::uint64_t which) {
    const std::uint64_t word = which % (words / words_of_a_count) * words_of_a_count;
    if (const std::uint64_t found = memory_of(page)[word]; found != content(page, word))
        bad(page, word, found, content(page, word));
}

void Pages::check(std::uint64_t page) {
    const volatile std::uint64_t* const memory = memory_of(page);
    for (std::uint64_t i = 0; i < words; ++i)
        if (const std::uint64_t found = memory[i]; found != content(page, i))
            return bad(page, i, found, content(page, i));
}

} // namespace writer

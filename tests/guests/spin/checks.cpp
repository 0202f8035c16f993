// SPDX-License-Identifier: Apache-2.0
#include "checks.hpp"

#include "../common/spr.hpp"
#include "vectors.hpp"

namespace spin {

namespace {

using namespace guest;

constexpr std::uint64_t next(std::uint64_t x) { return x * 6364136223846793005u + 1442695040888963407u; }

constexpr std::uint64_t page_bytes = 65536, page_words = page_bytes / 8;
alignas(page_bytes) std::array<std::array<std::uint64_t, page_words>, most_pages> memory;
std::array<std::uint64_t, most_pages> generations;
std::uint64_t page_count = most_pages;
std::uint64_t checked = 0;

std::uint64_t first_word(std::uint64_t page) { return next(page << 32 | generations[page]); }

void fill_page(std::uint64_t page) {
    auto x = first_word(page);
    for (auto& word : memory[page]) {
        word = x;
        x = next(x);
    }
}

Vectors held; // what the registers hold
Vectors seen;

extern "C" std::uint64_t image_begin[];
extern "C" std::uint64_t constants_end[];
std::uint64_t image_sum = 0;

std::uint64_t sum_image() {
    std::uint64_t sum = 0;
    // Up to the data; entry is at 0, which no pointer of C++ may be, so it begins one doubleword later.
    for (const auto* word = image_begin + 1; word < constants_end; ++word)
        sum = next(sum ^ *word);
    return sum;
}

void expect(std::string_view what, std::uint64_t got, std::uint64_t expected) {
    if (got != expected)
        bad(what, got, expected);
}

} // namespace

void bad(std::string_view what, std::uint64_t got, std::uint64_t expected) {
    Line line;
    line << "spin: BAD " << what << " got=" << got << " expected=" << expected;
    print(line);
}

void check_vectors(std::uint64_t seed) {
    write_msr(read_msr() | msr::fp | msr::vec | msr::vsx);
    if (seed > 0) {
        store_vectors(&seen);
        seen.fpscr &= 0xff;
        for (std::uint64_t i = 0; i < held.registers.size(); ++i)
            for (std::uint64_t half = 0; half < 2; ++half)
                if (seen.registers[i][half] != held.registers[i][half])
                    bad("vector register", seen.registers[i][half], held.registers[i][half]);
        expect("fpscr", seen.fpscr, held.fpscr);
        expect("vscr", seen.vscr[0] | seen.vscr[1], held.vscr[0] | held.vscr[1]);
    }
    auto x = next(seed);
    for (auto& one : held.registers)
        for (auto& half : one)
            half = x = next(x);
    held.fpscr = seed & 3;             // rounding mode
    held.vscr = {(seed & 1) << 16, 0}; // NJ
    load_vectors(&held);
}

void fill_memory(std::uint64_t pages) {
    page_count = pages;
    for (std::uint64_t page = 0; page < page_count; ++page)
        fill_page(page);
}

void check_next_page() {
    const auto page = checked % page_count;
    auto x = first_word(page);
    for (std::uint64_t i = 0; i < page_words; ++i, x = next(x)) {
        if (memory[page][i] == x)
            continue;
        bad("memory page", page, i);
        bad("memory word", memory[page][i], x);
        break;
    }
    ++generations[page];
    fill_page(page);
    ++checked;
}

std::uint64_t pages_checked() { return checked; }

void remember_image() { image_sum = sum_image(); }

void check_image() {
    const auto now = sum_image();
    expect("image", now, image_sum);
    image_sum = now; // said once
}

} // namespace spin

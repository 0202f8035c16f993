// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Doublewords of a page table: big-endian, shared with the processors that walk it and with those that change it.
// Power ISA 3.0B Book II 1.4: aligned doubleword accesses, byte-reversed ones too, are single. The compiler would swap in
// registers, in nine instructions, what ldbrx and stdbrx do in one.
namespace arch {

inline std::uint64_t load_table_word(std::uint64_t& word) {
    std::uint64_t value;
    asm volatile("ldbrx %0, %y1" : "=r"(value) : "Z"(word));
    return value;
}

/// Before all loads and stores after it.
inline std::uint64_t load_table_word_first(std::uint64_t& word) {
    const std::uint64_t value = load_table_word(word);
    asm volatile("lwsync" ::: "memory");
    return value;
}

inline void store_table_word(std::uint64_t& word, std::uint64_t value) {
    asm volatile("stdbrx %1, %y0" : "=Z"(word) : "r"(value));
}

/// After all loads and stores before it.
inline void release_table_word(std::uint64_t& word, std::uint64_t value) {
    asm volatile("lwsync" ::: "memory");
    store_table_word(word, value);
}

/// Sets a bit if it is clear, before all loads and stores after it; whether it was.
inline bool lock_table_word(std::uint64_t& word, std::uint64_t bit) {
    const std::uint64_t raw_bit = __builtin_bswap64(bit);
    std::uint64_t old, updated;
    asm volatile("0:\n\t"
                 "ldarx %0, %y2\n\t"
                 "and. %1, %0, %3\n\t"
                 "bne- 1f\n\t" // taken already: no store, which would take the line from the holder
                 "or %1, %0, %3\n\t"
                 "stdcx. %1, %y2\n\t"
                 "bne- 0b\n"
                 "1:\n\t"
                 "isync"
                 : "=&r"(old), "=&r"(updated), "+Z"(word)
                 : "r"(raw_bit)
                 : "cr0", "memory");
    return (old & raw_bit) == 0;
}

/// Sets bits of a word that others, processors that walk the table among them, set bits of meanwhile.
inline void merge_table_word(std::uint64_t& word, std::uint64_t bits) {
    const std::uint64_t raw_bits = __builtin_bswap64(bits);
    std::uint64_t value;
    asm volatile("0:\n\t"
                 "ldarx %0, %y1\n\t"
                 "or %0, %0, %2\n\t"
                 "stdcx. %0, %y1\n\t"
                 "bne- 0b"
                 : "=&r"(value), "+Z"(word)
                 : "r"(raw_bits)
                 : "cr0", "memory");
}

} // namespace arch

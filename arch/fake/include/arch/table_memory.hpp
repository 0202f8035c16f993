// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <transom/base/big_endian.hpp>

// Doublewords of a page table: big-endian, shared with whoever walks and changes it.
namespace arch {

inline std::uint64_t load_table_word(std::uint64_t& word) {
    return transom::big_endian(std::atomic_ref(word).load(std::memory_order_relaxed));
}

/// Before all loads and stores after it.
inline std::uint64_t load_table_word_first(std::uint64_t& word) {
    return transom::big_endian(std::atomic_ref(word).load(std::memory_order_acquire));
}

inline void store_table_word(std::uint64_t& word, std::uint64_t value) {
    std::atomic_ref(word).store(transom::big_endian(value), std::memory_order_relaxed);
}

/// After all loads and stores before it.
inline void release_table_word(std::uint64_t& word, std::uint64_t value) {
    std::atomic_ref(word).store(transom::big_endian(value), std::memory_order_release);
}

/// Sets a bit if it is clear, before all loads and stores after it; whether it was.
inline bool lock_table_word(std::uint64_t& word, std::uint64_t bit) {
    const std::uint64_t raw = transom::big_endian(bit);
    return (std::atomic_ref(word).fetch_or(raw, std::memory_order_acquire) & raw) == 0;
}

/// Sets bits of a word that others set bits of meanwhile.
inline void merge_table_word(std::uint64_t& word, std::uint64_t bits) {
    std::atomic_ref(word).fetch_or(transom::big_endian(bits), std::memory_order_relaxed);
}

} // namespace arch

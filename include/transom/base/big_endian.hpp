// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace transom {

template <std::unsigned_integral T> constexpr T byte_swap(T value) {
    if constexpr (sizeof(T) == 1)
        return value;
    else if constexpr (sizeof(T) == 2)
        return __builtin_bswap16(value);
    else if constexpr (sizeof(T) == 4)
        return __builtin_bswap32(value);
    else
        return __builtin_bswap64(value);
}

/// To and from big-endian order: the same swap both ways on the little-endian machines that we run on.
template <std::unsigned_integral T> constexpr T big_endian(T value) {
    return std::endian::native == std::endian::big ? value : byte_swap(value);
}

/// A field of a structure that is big-endian in memory: PAPR areas, OPAL arguments, stream records.
template <std::unsigned_integral T> class Be {
  public:
    constexpr Be() = default;
    constexpr Be(T value) : raw_(big_endian(value)) {}
    constexpr operator T() const { return big_endian(raw_); }
    constexpr Be& operator=(T value) {
        raw_ = big_endian(value);
        return *this;
    }

  private:
    T raw_ = 0;
};

/// Unaligned big-endian loads and stores.
template <std::unsigned_integral T> T load_be(const std::byte* from) {
    T raw;
    std::memcpy(&raw, from, sizeof raw);
    return big_endian(raw);
}

template <std::unsigned_integral T> void store_be(std::byte* to, T value) {
    const T raw = big_endian(value);
    std::memcpy(to, &raw, sizeof raw);
}

} // namespace transom

// SPDX-License-Identifier: Apache-2.0
// The functions of the C library that compilers and libraries expect. Eight bytes at a time where both ends allow it:
// POWER does unaligned doublewords in memory well.
#include <cstddef>
#include <cstdint>

namespace {

struct [[gnu::packed, gnu::may_alias]] Word {
    std::uint64_t value;
};

} // namespace

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t n) {
    auto* d = static_cast<unsigned char*>(to);
    const auto* s = static_cast<const unsigned char*>(from);
    for (; n >= 32; n -= 32, d += 32, s += 32) {
        const auto* sw = reinterpret_cast<const Word*>(s);
        auto* dw = reinterpret_cast<Word*>(d);
        const std::uint64_t a = sw[0].value, b = sw[1].value, c = sw[2].value, e = sw[3].value;
        dw[0].value = a;
        dw[1].value = b;
        dw[2].value = c;
        dw[3].value = e;
    }
    for (; n >= 8; n -= 8, d += 8, s += 8)
        reinterpret_cast<Word*>(d)->value = reinterpret_cast<const Word*>(s)->value;
    for (; n != 0; --n)
        *d++ = *s++;
    return to;
}

void* memmove(void* to, const void* from, std::size_t n) {
    auto* d = static_cast<unsigned char*>(to);
    const auto* s = static_cast<const unsigned char*>(from);
    if (reinterpret_cast<std::uintptr_t>(d) - reinterpret_cast<std::uintptr_t>(s) >= n)
        return memcpy(to, from, n);
    for (; n >= 8; n -= 8) {
        const std::uint64_t word = reinterpret_cast<const Word*>(s + n - 8)->value;
        reinterpret_cast<Word*>(d + n - 8)->value = word;
    }
    while (n != 0) {
        --n;
        d[n] = s[n];
    }
    return to;
}

void* memset(void* to, int value, std::size_t n) {
    auto* d = static_cast<unsigned char*>(to);
    const std::uint64_t word = 0x0101010101010101u * static_cast<unsigned char>(value);
    for (; n >= 32; n -= 32, d += 32) {
        auto* dw = reinterpret_cast<Word*>(d);
        dw[0].value = word;
        dw[1].value = word;
        dw[2].value = word;
        dw[3].value = word;
    }
    for (; n >= 8; n -= 8, d += 8)
        reinterpret_cast<Word*>(d)->value = word;
    for (; n != 0; --n)
        *d++ = static_cast<unsigned char>(value);
    return to;
}

int memcmp(const void* a, const void* b, std::size_t n) {
    const auto* x = static_cast<const unsigned char*>(a);
    const auto* y = static_cast<const unsigned char*>(b);
    for (; n >= 8 && reinterpret_cast<const Word*>(x)->value == reinterpret_cast<const Word*>(y)->value; n -= 8) {
        x += 8;
        y += 8;
    }
    for (; n != 0; --n, ++x, ++y)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void* memchr(const void* in, int value, std::size_t n) {
    const auto* s = static_cast<const unsigned char*>(in);
    for (; n != 0; --n, ++s)
        if (*s == static_cast<unsigned char>(value))
            return const_cast<unsigned char*>(s);
    return nullptr;
}

} // extern "C"

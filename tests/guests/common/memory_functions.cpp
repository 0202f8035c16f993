// SPDX-License-Identifier: Apache-2.0
// What libfdt and the compiler expect of a C library. Plain loops: nothing here is hot.
// -fno-tree-loop-distribute-patterns keeps the compiler from turning a loop into a call of itself.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* to, const void* from, std::size_t n) {
    auto* d = static_cast<unsigned char*>(to);
    const auto* s = static_cast<const unsigned char*>(from);
    while (n--)
        *d++ = *s++;
    return to;
}

void* memmove(void* to, const void* from, std::size_t n) {
    auto* d = static_cast<unsigned char*>(to);
    const auto* s = static_cast<const unsigned char*>(from);
    if (d <= s)
        return memcpy(to, from, n);
    while (n--)
        d[n] = s[n];
    return to;
}

void* memset(void* to, int value, std::size_t n) {
    auto* d = static_cast<unsigned char*>(to);
    while (n--)
        *d++ = static_cast<unsigned char>(value);
    return to;
}

int memcmp(const void* a, const void* b, std::size_t n) {
    const auto* x = static_cast<const unsigned char*>(a);
    const auto* y = static_cast<const unsigned char*>(b);
    for (; n--; ++x, ++y)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void* memchr(const void* text, int c, std::size_t n) {
    const auto* s = static_cast<const unsigned char*>(text);
    for (; n--; ++s)
        if (*s == static_cast<unsigned char>(c))
            return const_cast<unsigned char*>(s);
    return nullptr;
}

std::size_t strlen(const char* text) {
    std::size_t n = 0;
    while (text[n])
        ++n;
    return n;
}

std::size_t strnlen(const char* text, std::size_t most) {
    std::size_t n = 0;
    while (n < most && text[n])
        ++n;
    return n;
}

char* strchr(const char* text, int c) {
    for (;; ++text) {
        if (*text == static_cast<char>(c))
            return const_cast<char*>(text);
        if (!*text)
            return nullptr;
    }
}

char* strrchr(const char* text, int c) {
    const char* found = nullptr;
    for (;; ++text) {
        if (*text == static_cast<char>(c))
            found = text;
        if (!*text)
            return const_cast<char*>(found);
    }
}

int strcmp(const char* a, const char* b) {
    while (*a && *a == *b)
        ++a, ++b;
    return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
}
}
